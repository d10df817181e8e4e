//! `ctl` as a person runs it: the program against a scripted daemon.

mod changes;
mod hostile;
mod looks;
mod offline;
mod reach;
mod refusals;
mod script;
mod tls;

use std::process::Output;

use assert_cmd::Command;

/// The token of every call. No output may hold it.
const TOKEN: &str = "planted-token-4711";

/// The program with nothing of this machine's environment.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloudsync-exporter"));
    command.env_clear().arg("ctl");
    command
}

/// The program with an address and the token, for people to read.
fn ctl(url: &str, args: &[&str]) -> Command {
    let mut command = program();
    command.args(["--output", "table", "--url", url]).args(args).env("CLOUDSYNC_CTL_TOKEN", TOKEN);
    command
}

fn out(output: &Output) -> String {
    presentable(&output.stdout)
}

fn err(output: &Output) -> String {
    presentable(&output.stderr)
}

/// The text of a stream: no secret in it, and nothing that steers a terminal.
fn presentable(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(!text.contains(TOKEN), "{text}");
    let hostile = |char: char| char.is_control() && char != '\n' || ('\u{202a}'..='\u{202e}').contains(&char);
    assert!(!text.contains(hostile), "{text:?}");
    text
}
