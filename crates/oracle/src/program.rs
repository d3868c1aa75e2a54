//! The Go program, as a child behind pipes.
//!
//! Owns the child and the thread that writes to it, so that neither side waits for the other with full pipes. The program
//! sends its answers when it has no question left; batches are what makes it fast.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use serde::Deserialize as _;

use crate::question::Theirs;

/// Why the program does not answer.
#[derive(Debug)]
pub struct Broken(pub String);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

/// The running program; it is ended when this is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    questions: Option<SyncSender<String>>,
    writer: Option<JoinHandle<()>>,
    answers: BufReader<ChildStdout>,
    line: Vec<u8>,
}

impl Program {
    /// Starts it.
    pub fn start(path: &Path) -> Result<Self, Broken> {
        let broken = |why: &dyn std::fmt::Display| Broken(format!("{}: {why}", path.display()));
        let mut command = Command::new(path);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // More rarely collecting garbage makes it a third faster.
        command.env("GOGC", "400");
        let mut child = command.spawn().map_err(|error| broken(&error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(broken(&"it has no pipes"));
        };
        let (questions, waiting) = sync_channel::<String>(4);
        let writer = std::thread::spawn(move || write(input, waiting.into_iter()));
        let answers = BufReader::with_capacity(1 << 18, output);
        Ok(Self { child, questions: Some(questions), writer: Some(writer), answers, line: Vec::new() })
    }

    /// Hands a batch of lines over, without waiting for answers.
    pub fn send(&mut self, lines: String) -> Result<(), Broken> {
        let sent = self.questions.as_ref().is_some_and(|questions| questions.send(lines).is_ok());
        if sent { Ok(()) } else { Err(Broken("the program takes no questions any more".to_owned())) }
    }

    /// Waits for the next answer.
    pub fn receive(&mut self) -> Result<Theirs, Broken> {
        self.line.clear();
        let read = self.answers.read_until(b'\n', &mut self.line);
        match read {
            Ok(0) => Err(Broken("the program ended".to_owned())),
            Err(error) => Err(Broken(format!("the program's answers: {error}"))),
            Ok(_) => parse(&self.line).map_err(|error| {
                Broken(format!("an answer is no JSON: {error}: {}", String::from_utf8_lossy(&self.line)))
            }),
        }
    }

    /// Asks some questions and waits for all answers. None may be under way.
    pub fn ask(&mut self, lines: &[String]) -> Result<Vec<Theirs>, Broken> {
        let mut answers = Vec::with_capacity(lines.len());
        for batch in lines.chunks(256) {
            self.send(batch.concat())?;
            for _ in batch {
                answers.push(self.receive()?);
            }
        }
        Ok(answers)
    }
}

/// Reads an answer, however deep it is: what may be asked is bounded.
fn parse(line: &[u8]) -> serde_json::Result<Theirs> {
    let mut answer = serde_json::Deserializer::from_slice(line);
    answer.disable_recursion_limit();
    Theirs::deserialize(&mut answer)
}

fn write(mut input: ChildStdin, batches: impl Iterator<Item = String>) {
    for lines in batches {
        if input.write_all(lines.as_bytes()).and_then(|()| input.flush()).is_err() {
            return;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.questions = None;
        // An end of the questions ends the program; what it still writes has no reader.
        let _ended = self.child.kill();
        if let Some(writer) = self.writer.take() {
            let _joined = writer.join();
        }
        let _status = self.child.wait();
    }
}
