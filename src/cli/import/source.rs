//! Where documents come from: a file in one of three forms, which is read several times.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
    thread::{self, JoinHandle},
};

use indicatif::{ProgressBar, ProgressBarIter};
use tokio::sync::mpsc;

use super::{MAX_DOCUMENT, list::List, table::Table, wrong};
use crate::{
    app::directory::import::{BATCH, Batch, Body, Document, Kind},
    config::Format,
};

/// A batch is shorter if its documents are so many bytes.
const BATCH_BYTES: usize = 16 << 20;
/// So much of a file is looked at to find out what it is.
const BEGINNING: usize = 1 << 16;

/// A file that can be read again.
pub(super) struct Source {
    file: File,
    format: Format,
    kind: Option<Kind>,
    /// How long it is.
    pub(super) length: u64,
}

/// A reading of it. A thread reads ahead.
pub(super) struct Batches {
    read: mpsc::Receiver<io::Result<Batch>>,
    thread: Option<JoinHandle<()>>,
}

/// So many batches are read ahead.
const AHEAD: usize = 2;

type Input = ProgressBarIter<File>;

/// The documents of a file.
enum Documents {
    Lines(Lines<Input>),
    List(List<Input>),
    Table(Table<Input>),
}

impl Source {
    /// Opens a file. What comes by stdin is put into one, since it is read several times.
    pub(super) fn open(path: &Path, format: Option<Format>, kind: Option<Kind>) -> io::Result<Self> {
        let mut file = if path.as_os_str() == "-" {
            let mut file = tempfile::tempfile()?;
            io::copy(&mut io::stdin().lock(), &mut file)?;
            file
        } else {
            File::open(path)?
        };
        file.rewind()?;
        let format = if let Some(format) = format.or_else(|| by_name(path)) {
            format
        } else {
            let mut beginning = Vec::new();
            file.by_ref().take(BEGINNING as u64).read_to_end(&mut beginning)?;
            by_beginning(&beginning)
        };
        let length = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, format, kind, length })
    }

    /// Reads it from its beginning.
    pub(super) fn batches(&self, bar: &ProgressBar) -> io::Result<Batches> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        let input = bar.wrap_read(file);
        let reader = match self.format {
            Format::Jsonl => Documents::Lines(Lines::new(input, self.kind)),
            Format::Json => Documents::List(List::new(input, self.kind)),
            Format::Csv => Documents::Table(Table::new(input, self.kind)),
        };
        let (sender, read) = mpsc::channel(AHEAD);
        let bar = bar.clone();
        let thread = thread::Builder::new().name("reader".into()).spawn(move || {
            read_all(reader, &sender);
            bar.finish_and_clear();
        })?;
        Ok(Batches { read, thread: Some(thread) })
    }
}

impl Batches {
    /// The next documents; none: there are no more.
    pub(super) async fn next(&mut self) -> io::Result<Option<Batch>> {
        self.read.recv().await.transpose()
    }
}

impl Drop for Batches {
    /// Who reads the file anew does so with the same handle: by then nobody else may.
    fn drop(&mut self) {
        self.read.close();
        // It waits for nothing but its place, which it has not any more. A panic of it has been reported by then.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Reads batches until there are no more, or nobody takes them.
fn read_all(mut reader: Documents, sender: &mpsc::Sender<io::Result<Batch>>) {
    loop {
        let batch = match reader.batch() {
            Ok(documents) if documents.is_empty() => return,
            Ok(documents) => Ok(Batch::read(documents)),
            Err(error) => Err(error),
        };
        let last = batch.is_err();
        if sender.blocking_send(batch).is_err() || last {
            return;
        }
    }
}

impl Documents {
    /// The next documents; none: there are no more.
    fn batch(&mut self) -> io::Result<Vec<Document>> {
        let (mut batch, mut bytes) = (Vec::with_capacity(BATCH), 0);
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let next = match self {
                Self::Lines(lines) => lines.next(),
                Self::List(list) => list.next(),
                Self::Table(table) => table.next(),
            };
            let Some(document) = next? else { break };
            if let Body::Text(text) = &document.body {
                bytes += text.len();
            }
            batch.push(document);
        }
        Ok(batch)
    }
}

/// A JSON object a line.
struct Lines<R> {
    input: BufReader<R>,
    kind: Option<Kind>,
    line: u32,
}

impl<R: Read> Lines<R> {
    fn new(input: R, kind: Option<Kind>) -> Self {
        Self { input: BufReader::with_capacity(1 << 17, input), kind, line: 0 }
    }

    fn next(&mut self) -> io::Result<Option<Document>> {
        loop {
            let mut text = Vec::new();
            let most = u64::try_from(MAX_DOCUMENT).unwrap_or(u64::MAX);
            let read = self.input.by_ref().take(most).read_until(b'\n', &mut text)?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            if read == MAX_DOCUMENT {
                // The rest of it is skipped.
                self.input.skip_until(b'\n')?;
                return Ok(Some(wrong(self.line, "", format!("The line is longer than {MAX_DOCUMENT} bytes."))));
            }
            if self.line == 1 && text.starts_with("\u{feff}".as_bytes()) {
                text.drain(..3);
            }
            if !text.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(Document { line: self.line, kind: self.kind, body: Body::Text(text) }));
            }
        }
    }
}

/// What a file is by its name.
fn by_name(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        "csv" => Some(Format::Csv),
        _ => None,
    }
}

/// What a file is by how it begins.
fn by_beginning(beginning: &[u8]) -> Format {
    let text = beginning.strip_prefix("\u{feff}".as_bytes()).unwrap_or(beginning).trim_ascii_start();
    match text.first() {
        Some(b'[') => Format::Json,
        Some(b'{') if is_list(text) => Format::Json,
        Some(b'{') | None => Format::Jsonl,
        Some(_) => Format::Csv,
    }
}

/// Whether the object that a text begins with has a member `value` that is a list, or goes on over several lines.
fn is_list(text: &[u8]) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => {
                quoted = !quoted;
                let member = || text.get(at..).and_then(|rest| rest.strip_prefix(b"\"value\""));
                if quoted && depth == 1 && member().is_some_and(opens_list) {
                    return true;
                }
            }
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return false;
                }
            }
            b'\n' if !quoted => return true,
            _ => {}
        }
    }
    false
}

fn opens_list(after_name: &[u8]) -> bool {
    let after = after_name.trim_ascii_start().strip_prefix(b":");
    after.is_some_and(|after| after.trim_ascii_start().starts_with(b"["))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_shows_at_its_beginning() {
        for (text, format) in [
            ("", Format::Jsonl),
            ("{\"id\":\"a\"}\n{\"id\":\"b\"}", Format::Jsonl),
            ("\u{feff}\n{\"x\":{\"value\":[]},\"value\":1}\n", Format::Jsonl),
            ("{\"@odata.context\":\"x{\\\"\",\"value\": [{", Format::Json),
            ("{\n  \"value\"", Format::Json),
            (" [{}]", Format::Json),
            ("userPrincipalName,displayName\n", Format::Csv),
        ] {
            assert_eq!(by_beginning(text.as_bytes()), format, "{text}");
        }
        assert_eq!(by_name(Path::new("a/People.CSV")), Some(Format::Csv));
        assert_eq!((by_name(Path::new("x.json")), by_name(Path::new("-"))), (None, None));
    }

    #[test]
    fn lines_are_numbered_and_empty_ones_skipped() {
        let mut lines = Lines::new("\u{feff}{}\r\n\n  \n{ }".as_bytes(), None);
        let mut found = Vec::new();
        while let Some(document) = lines.next().unwrap() {
            let Body::Text(text) = document.body else { unreachable!() };
            found.push((document.line, String::from_utf8(text).unwrap()));
        }
        assert_eq!(found, [(1, "{}\r\n".to_owned()), (4, "{ }".to_owned())]);
    }
}
