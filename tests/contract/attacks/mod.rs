//! What somebody would try who wishes us ill.

mod sign_ins;
