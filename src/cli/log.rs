//! The log, which never blocks and never ends the server.
//!
//! Lines go through a bounded queue to a thread that writes them to stderr. A line that does not fit, because stderr is
//! not read, or that cannot be written, because stderr is closed or its disk is full, is counted; the count is written as
//! soon as a line can be.

use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    panic::PanicHookInfo,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use super::Error;
use crate::{
    clock::Clock,
    config::{LogFormat, Serve},
};

/// How many lines may wait.
const LINES: usize = 8192;
/// How many bytes the lines that wait may have together.
const BYTES: usize = 4 << 20;
/// How long the last lines may take when the server ends.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The lines that wait.
#[derive(Clone)]
pub(super) struct Log {
    lines: SyncSender<Vec<u8>>,
    counts: Arc<Counts>,
    format: LogFormat,
}

#[derive(Default)]
struct Counts {
    /// The bytes of the lines that are not written yet.
    waiting: AtomicUsize,
    /// How many lines were lost since that was last written.
    lost: AtomicU64,
}

impl Log {
    /// Starts the log of the server: events and panics go there from now on.
    pub(super) fn start(config: &Serve) -> Result<Self, Error> {
        let filter = EnvFilter::builder().parse(&config.log);
        let filter = filter.map_err(|source| Error::Log { filter: config.log.clone(), source })?;
        // A copy of the descriptor: whoever else writes to `io::stderr` must not wait for our thread.
        let stderr = io::stderr().as_fd().try_clone_to_owned().map_err(Error::Start)?;
        let log = Self::to(File::from(stderr), config.log_format).map_err(Error::Start)?;
        let events = tracing_subscriber::fmt().with_env_filter(filter).with_writer(log.clone());
        // The library would tell of its own errors on stderr, and panic where that fails.
        let events = events.log_internal_errors(false);
        match config.log_format {
            LogFormat::Text => events.with_ansi(io::stderr().is_terminal()).init(),
            LogFormat::Json => events.json().flatten_event(true).init(),
        }
        let panics = log.clone();
        std::panic::set_hook(Box::new(move |panic| panics.panicked(panic)));
        Ok(log)
    }

    /// A log that is written to `out` by a thread.
    fn to(out: impl Write + Send + 'static, format: LogFormat) -> io::Result<Self> {
        let (lines, waiting) = sync_channel(LINES);
        let log = Self { lines, counts: Arc::default(), format };
        let (counts, mut out) = (Arc::clone(&log.counts), Out { out, torn: false });
        let write = move || write_all(&waiting, &counts, &mut out, format);
        thread::Builder::new().name("log".into()).spawn(write)?;
        Ok(log)
    }

    /// Waits until everything is written, but not for long.
    pub(super) fn finish(&self) {
        let begin = Instant::now();
        while self.counts.waiting.load(Ordering::Acquire) > 0 && begin.elapsed() < LAST_LINES {
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn push(&self, line: Vec<u8>) {
        let size = line.len();
        let fits = self.counts.waiting.fetch_add(size, Ordering::AcqRel) + size <= BYTES;
        if !fits || self.lines.try_send(line).is_err() {
            self.counts.waiting.fetch_sub(size, Ordering::AcqRel);
            self.counts.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whatever the filter says: a panic is a bug of the server's. The line is made without the library, which may be
    /// what has panicked.
    fn panicked(&self, panic: &PanicHookInfo<'_>) {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let thread = thread::current();
        let thread = thread.name().unwrap_or("without a name");
        let said = panic.payload_as_str().unwrap_or("no message");
        let mut message = format!("thread {thread} panicked at {place}: {said}");
        let trace = std::backtrace::Backtrace::capture();
        if trace.status() == std::backtrace::BacktraceStatus::Captured {
            message = format!("{message}\n{trace}");
        }
        self.push(line(self.format, &message));
    }
}

/// A write is one event's line.
impl Write for &Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = &'a Log;

    fn make_writer(&'a self) -> &'a Log {
        self
    }
}

/// Where lines go, and whether the last one broke off.
struct Out<W> {
    out: W,
    torn: bool,
}

impl<W: Write> Out<W> {
    /// Writes a line, whole or not: whether it is whole.
    fn write(&mut self, line: &[u8]) -> bool {
        if self.torn && self.out.write_all(b"\n").is_err() {
            return false;
        }
        self.torn = false;
        let mut rest = line;
        while !rest.is_empty() {
            match self.out.write(rest) {
                Ok(written) if written > 0 => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => {
                    self.torn = rest.len() < line.len();
                    return false;
                }
            }
        }
        true
    }
}

/// Writes lines until the last log is dropped.
fn write_all(lines: &Receiver<Vec<u8>>, counts: &Counts, out: &mut Out<impl Write>, format: LogFormat) {
    while let Ok(next) = lines.recv() {
        let mut lost = u64::from(!out.write(&next));
        if lost == 0 {
            let before = counts.lost.swap(0, Ordering::Relaxed);
            if before > 0 && !out.write(&lost_lines(format, before)) {
                lost = before;
            }
        }
        counts.lost.fetch_add(lost, Ordering::Relaxed);
        counts.waiting.fetch_sub(next.len(), Ordering::AcqRel);
    }
}

/// The line that tells of lines that were lost.
fn lost_lines(format: LogFormat, lost: u64) -> Vec<u8> {
    let were = if lost == 1 { "line was" } else { "lines were" };
    line(format, &format!("{lost} {were} lost: the log was not read in time, or could not be written"))
}

/// A line like those of events.
fn line(format: LogFormat, message: &str) -> Vec<u8> {
    let (now, target) = (Clock::System.now(), module_path!());
    let line = match format {
        LogFormat::Text => format!("{now} ERROR {target}: {message}\n"),
        LogFormat::Json => {
            let event = json!({ "timestamp": now.to_string(), "level": "ERROR", "message": message, "target": target });
            format!("{event}\n")
        }
    };
    line.into_bytes()
}

/// Prints to stdout on a thread of its own: the server does not wait for a reader, and serves without one.
pub(super) fn announce(text: String) {
    let print = move || {
        if let Err(error) = super::print(&text) {
            tracing::warn!(%error, "stdout is not there");
        }
    };
    if let Err(error) = thread::Builder::new().name("announcement".into()).spawn(print) {
        tracing::warn!(%error, "no thread to print with");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use parking_lot::Mutex;

    use super::*;

    /// What is written, and whether writing works.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, bool)>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut disk = self.0.lock();
            if disk.1 {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            disk.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Waits for a word, or for ever.
    struct Stuck(mpsc::Receiver<()>, Disk);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn text(disk: &Disk) -> String {
        String::from_utf8(disk.0.lock().0.clone()).unwrap()
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let disk = Disk::default();
        let log = Log::to(disk.clone(), LogFormat::Text).unwrap();
        log.push(b"one\n".to_vec());
        log.finish();
        disk.0.lock().1 = true;
        (0..3).for_each(|_| log.push(b"lost\n".to_vec()));
        log.finish();
        disk.0.lock().1 = false;
        log.push(b"two\n".to_vec());
        log.push(b"three\n".to_vec());
        log.finish();
        let text = text(&disk);
        assert!(text.starts_with("one\ntwo\n") && text.ends_with("three\n"), "{text}");
        assert_eq!(text.matches(": 3 lines were lost").count(), 1, "{text}");
        assert!(!text.contains("lost\nl"), "{text}");
    }

    #[test]
    fn a_log_that_is_not_read_holds_nobody_up_and_takes_little_memory() {
        let (go, wait) = mpsc::channel();
        let disk = Disk::default();
        let log = Log::to(Stuck(wait, disk.clone()), LogFormat::Json).unwrap();
        let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
        (0..20_000).for_each(|_| log.push(line.clone()));
        assert!(log.counts.waiting.load(Ordering::Relaxed) <= BYTES);
        drop(go);
        log.finish();
        let text = text(&disk);
        let told = text.lines().find(|line| line.starts_with('{')).unwrap();
        let told: serde_json::Value = serde_json::from_str(told).unwrap();
        let written = text.lines().filter(|line| line.starts_with('x')).count();
        assert!(written <= BYTES / 1024, "{written}");
        assert!(
            told["message"].as_str().unwrap().starts_with(&format!("{} lines were lost", 20_000 - written)),
            "{told}"
        );
    }
}
