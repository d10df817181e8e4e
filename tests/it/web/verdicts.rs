//! Web configurations that are good, and those that are not, with what is said of them.

use std::fs;
use std::path::{Path, PathBuf};

use cloudsync_exporter::web::{Accounts, Content, Live};

use super::certificates::Certificates;

/// The files of one kind.
fn files(kind: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/web-config").join(kind);
    let mut files: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "the table of {kind} files is gone");
    files
}

/// The file beside the certificates that it names.
fn placed(certificates: &Certificates, file: &Path) -> PathBuf {
    let mut text = fs::read_to_string(file).unwrap();
    for name in ["server.crt", "server.key", "ca.crt"] {
        let inline = certificates.read(name).replace('\r', "").replace('\n', "\\n");
        text = text.replace(&format!("@{name}@"), &inline);
    }
    certificates.write("web.yml", &text)
}

#[test]
fn good_files_are_taken() {
    let certificates = Certificates::new();
    for file in files("good") {
        let content = Live::check(&placed(&certificates, &file), Accounts::Allowed);
        let name = file.file_stem().unwrap().to_str().unwrap();
        let tls = (name.starts_with("tls-") && name != "tls-only-versions") || name.starts_with("client-");
        let users = matches!(name, "users" | "anchors" | "open-paths");
        assert_eq!(content, Ok(Content { tls, users }), "{name}");
    }
}

#[test]
fn bad_files_are_refused_and_it_is_said_why() {
    let certificates = Certificates::new();
    let mut wrong = Vec::new();
    for file in files("bad") {
        let text = fs::read_to_string(&file).unwrap();
        let says = text.lines().find_map(|line| line.strip_prefix("# says: ")).unwrap();
        let problems = Live::check(&placed(&certificates, &file), Accounts::Allowed).unwrap_err();
        let shown = problems.join("\n");
        if !shown.contains(says) {
            wrong.push(format!("{}: {shown}", file.display()));
        }
        assert!(!shown.contains("X0h1gDsPszWURQaxFh"), "{}: {shown}", file.display());
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let certificates = Certificates::new();
    let file = certificates.write(
        "web.yml",
        "tls_server_config: {min_version: TLS9, colour: red}\nhttp_server_config: {http2: maybe}\n\
         basic_auth_users: {alice: secret-of-alice}\n",
    );
    let problems = Live::check(&file, Accounts::Allowed).unwrap_err();
    assert_eq!(problems.len(), 4, "{problems:#?}");
    assert!(!problems.concat().contains("secret-of-alice"), "{problems:#?}");
}

#[test]
fn what_cannot_be_a_file_is_not_waited_for() {
    let certificates = Certificates::new();
    let missing = Live::check(&certificates.path("nowhere.yml"), Accounts::Allowed).unwrap_err();
    assert!(missing.concat().contains("nowhere.yml"), "{missing:?}");
    let directory = Live::check(certificates.directory(), Accounts::Allowed).unwrap_err();
    assert!(directory.concat().contains("it is no file"), "{directory:?}");
    fs::write(certificates.path("web.yml"), vec![b'#'; 5 << 20]).unwrap();
    let long = Live::check(&certificates.path("web.yml"), Accounts::Allowed).unwrap_err();
    assert!(long.concat().contains("longer than"), "{long:?}");
    fs::write(certificates.path("web.yml"), b"\xff").unwrap();
    let binary = Live::check(&certificates.path("web.yml"), Accounts::Allowed).unwrap_err();
    assert!(binary.concat().contains("not UTF-8"), "{binary:?}");
}
