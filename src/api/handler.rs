//! Handlers: functions whose arguments are bound before they are called, and whose return type says what they answer.
//!
//! What handlers have in common is done here: no query options are taken, the body is bound by the face of its entity, a
//! refusal of a use case is put into the words of the operation's face, and the answer is written.

use std::{future::Future, sync::Arc};

use http::StatusCode;

use super::{
    error::Error,
    operations::{Call, Handler, Pending},
    respond::{self, Answer},
    write,
};
use crate::{
    app,
    model::{
        bind::Purpose,
        body::{Create, Reference, Update},
        meta::Face,
        record::{Input, Record, Stored},
    },
    odata::{self, options},
};

/// A body, bound. (The name is the one by which utoipa knows a body.)
pub(super) struct Json<T>(pub(super) T);

/// The entity to which a link that goes leads, from the path or from the query option `@id`.
pub(super) struct Target<R> {
    /// The id of the entity.
    pub(super) id: String,
    of: std::marker::PhantomData<fn() -> R>,
}

/// 201 with the new entity.
pub(super) struct Created<R>(pub(super) Stored<R>);
/// 204, or 200 with the entity as it is now.
pub(super) struct Updated<R>(pub(super) Stored<R>);
/// 204: the entity is gone.
pub(super) struct Deleted;
/// 204: the link is there.
pub(super) struct Linked;
/// 204: the link is gone.
pub(super) struct Unlinked;
/// What an action gives, by its signature.
pub(super) struct Called(pub(super) Answer);

/// What an operation answers, by the type that its code returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Create,
    Update,
    Delete,
    Link,
    Unlink,
    Call,
}

/// Why a handler answers with an error.
pub(super) enum Failure {
    /// A use case refused; the operation's face gives the words.
    App(app::Error),
    /// The request is wrong, or the server cannot answer it.
    Api(Error),
}

impl From<app::Error> for Failure {
    fn from(error: app::Error) -> Self {
        Self::App(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Api(error)
    }
}

impl From<odata::error::Error> for Failure {
    fn from(error: odata::error::Error) -> Self {
        Self::Api(error.into())
    }
}

impl Failure {
    /// The error, in the words of a face.
    fn about(self, face: &'static Face) -> Error {
        match self {
            Self::App(error) => Error::app(error, face),
            Self::Api(error) => error,
        }
    }
}

/// What a handler returns.
pub(super) type Outcome<A> = Result<A, Failure>;

/// An argument that is made of the request.
pub(super) trait FromCall: Sized {
    /// Whether it reads the query options; otherwise there may be none.
    const READS_QUERY: bool = false;

    /// The argument, or what is wrong with the request.
    fn from_call(call: &Call) -> Result<Self, Error>;

    /// Whether the body declares its type by `@odata.type`.
    fn declares_type(&self) -> bool {
        false
    }
}

impl<I: Input> FromCall for Json<Create<I>> {
    fn from_call(call: &Call) -> Result<Self, Error> {
        Ok(Self(Create(call.bind(I::Record::ENTITY.face(call.version), Purpose::Create)?)))
    }

    fn declares_type(&self) -> bool {
        self.0.0.declares_type
    }
}

impl<I: Input> FromCall for Json<Update<I>> {
    fn from_call(call: &Call) -> Result<Self, Error> {
        Ok(Self(Update(call.bind(I::Record::ENTITY.face(call.version), Purpose::Update)?)))
    }

    fn declares_type(&self) -> bool {
        self.0.0.declares_type
    }
}

impl<R: Record> FromCall for Json<Reference<R>> {
    fn from_call(call: &Call) -> Result<Self, Error> {
        Ok(Self(Reference::new(call.reference_in_body(R::ENTITY.face(call.version))?)))
    }
}

impl<R: Record> FromCall for Target<R> {
    const READS_QUERY: bool = true;

    fn from_call(call: &Call) -> Result<Self, Error> {
        let id = write::reference_to_remove(call, R::ENTITY.face(call.version))?;
        Ok(Self { id, of: std::marker::PhantomData })
    }
}

/// What a handler answers.
pub(super) trait IntoAnswer {
    /// What kind of answer it is.
    const SHAPE: Shape;

    /// The answer to this request, whose body may have declared its type.
    fn into_answer(self, call: &Call, declares_type: bool) -> Answer;
}

impl<R: Record> IntoAnswer for Created<R> {
    const SHAPE: Shape = Shape::Create;

    fn into_answer(self, call: &Call, declares_type: bool) -> Answer {
        respond::written(call, R::ENTITY.face(call.version), &self.0, StatusCode::CREATED, declares_type)
    }
}

impl<R: Record> IntoAnswer for Updated<R> {
    const SHAPE: Shape = Shape::Update;

    fn into_answer(self, call: &Call, declares_type: bool) -> Answer {
        respond::written(call, R::ENTITY.face(call.version), &self.0, StatusCode::OK, declares_type)
    }
}

macro_rules! no_content {
    ($($answer:ident: $shape:ident),+) => {$(
        impl IntoAnswer for $answer {
            const SHAPE: Shape = Shape::$shape;

            fn into_answer(self, _: &Call, _: bool) -> Answer {
                Answer::empty(StatusCode::NO_CONTENT)
            }
        }
    )+};
}

no_content!(Deleted: Delete, Linked: Link, Unlinked: Unlink);

impl IntoAnswer for Called {
    const SHAPE: Shape = Shape::Call;

    fn into_answer(self, _: &Call, _: bool) -> Answer {
        self.0
    }
}

impl Called {
    /// 204: it is done, and there is nothing to tell.
    pub(super) const fn nothing() -> Self {
        Self(Answer::empty(StatusCode::NO_CONTENT))
    }
}

/// An async function from a request, and perhaps an argument made of it, to an answer. `M` tells the two apart.
pub(super) trait HandlerFn<M>: Copy + Send + Sync + 'static {
    /// What kind of answer it gives.
    const SHAPE: Shape;

    /// The handler, whatever its arguments; `face` gives refusals their words.
    fn erased(self, face: &'static Face) -> Handler;
}

impl<F, Fut, A> HandlerFn<()> for F
where
    F: Fn(Call) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Outcome<A>> + Send,
    A: IntoAnswer,
{
    const SHAPE: Shape = A::SHAPE;

    fn erased(self, face: &'static Face) -> Handler {
        Arc::new(move |call| -> Pending {
            Box::pin(async move {
                options::parse_none(&call.query)?;
                let answer = self(call.clone()).await.map_err(|failure| failure.about(face))?;
                Ok(answer.into_answer(&call, false))
            })
        })
    }
}

impl<F, Fut, A, T> HandlerFn<(T,)> for F
where
    F: Fn(Call, T) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Outcome<A>> + Send,
    A: IntoAnswer,
    T: FromCall + Send,
{
    const SHAPE: Shape = A::SHAPE;

    fn erased(self, face: &'static Face) -> Handler {
        Arc::new(move |call| -> Pending {
            Box::pin(async move {
                if !T::READS_QUERY {
                    options::parse_none(&call.query)?;
                }
                let argument = T::from_call(&call)?;
                let declares_type = argument.declares_type();
                let answer = self(call.clone(), argument).await.map_err(|failure| failure.about(face))?;
                Ok(answer.into_answer(&call, declares_type))
            })
        })
    }
}
