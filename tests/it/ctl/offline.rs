//! What needs no daemon.

use super::{err, out, program};

#[test]
fn completions_for_every_shell() {
    for (shell, part) in [
        ("bash", "complete -F _cloudsync__exporter"),
        ("zsh", "#compdef cloudsync-exporter"),
        ("fish", "complete -c cloudsync-exporter"),
        ("elvish", "set edit:completion:arg-completer[cloudsync-exporter]"),
        ("powershell", "Register-ArgumentCompleter -Native -CommandName 'cloudsync-exporter'"),
    ] {
        // No address is even looked at.
        let output = program().args(["--url", "nonsense://", "completions", shell]).output().unwrap();
        assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""), "{shell}");
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains(part) && script.contains("unfreeze"), "{shell} lacks {part}");
    }
    assert_eq!(program().args(["completions", "cmd"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn help_names_every_command_and_never_a_token() {
    let output = program().arg("--help").env("CLOUDSYNC_CTL_TOKEN", super::TOKEN).output().unwrap();
    let help = out(&output);
    for command in [
        "status",
        "connections",
        "show",
        "settings",
        "schedule",
        "auth",
        "logs",
        "pause",
        "resume",
        "holds",
        "audit",
        "config",
        "tasks",
        "task",
        "unlink",
        "activity",
        "poll",
        "freeze",
        "unfreeze",
        "decisions",
        "reload",
        "openapi",
        "completions",
    ] {
        assert!(
            help.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))),
            "{command}: {help}"
        );
    }
}
