//! The stages: resolve, connect, TLS, API, login, package, permission, versions, sample.

use super::report::Report;
use crate::app::adapter::{ConfiguredCredentials, StoredGuard};
use crate::app::nas::Plan;
use crate::cli;
use crate::dsm::cloud_sync::read::{self, GroupBy};
use crate::dsm::{
    Batch, Client, CredentialSource, Discovery, Error, GuardRecord, GuardStore, MemoryGuardStore, NoObserver,
    PeerCertificate, Reason,
};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// The stages in their order; after one that fails the rest is not tried.
const STAGES: [&str; 9] =
    ["resolve", "connect", "tls", "api", "login", "package", "permission", "versions", "sample"];

fn skip_after(report: &Report<'_>, stage: &str) {
    let rest = STAGES.iter().position(|known| *known == stage).map_or(&[][..], |at| &STAGES[at + 1..]);
    report.skipped(rest);
}

fn fail(report: &mut Report<'_>, stage: &str, error: &Error) {
    report.failed(stage, &error.to_string(), &error.advice());
    skip_after(report, stage);
}

/// Goes through the stages until one fails.
pub(super) async fn examine(
    name: &str,
    plan: &Plan,
    credentials: &ConfiguredCredentials,
    guard: &StoredGuard,
    arguments: &cli::Doctor,
    report: &mut Report<'_>,
) {
    if !reach(plan, report).await {
        return;
    }
    // The doctor's own attempts count like the daemon's, unless a person says otherwise.
    let store = Arc::new(MemoryGuardStore::default());
    if let Some(record) = starting_record(name, guard, arguments.retry_login || arguments.otp_code.is_some())
    {
        // In memory nothing fails.
        let _ = store.save(name, &record);
    }
    let client = match plan.client(name, store.clone(), Arc::new(NoObserver)) {
        Ok(client) => client,
        Err(error) => {
            report.failed("tls", &error.to_string(), "Correct the tls section of the configuration.");
            return skip_after(report, "tls");
        }
    };
    let Some(discovery) = discover(plan, &client, report).await else {
        return;
    };
    let logged_in = login(name, &client, credentials, arguments, report).await;
    if let Ok(Some(record)) = store.load(name)
        && let Err(error) = guard.save(name, &record)
    {
        report.warn("login", &format!("the outcome could not be kept in the state file: {error}"));
    }
    if logged_in {
        use_it(&client, &discovery, report).await;
        client.logout().await;
    }
}

/// What the guard remembers, without what holds logins back when a person wants to try all the same.
fn starting_record(name: &str, guard: &StoredGuard, retry: bool) -> Option<GuardRecord> {
    let record = guard.load(name).ok().flatten()?;
    // What was counted stays: the NAS counts as well.
    Some(if retry {
        GuardRecord { suspended_until: None, code: None, fingerprint: None, ..record }
    } else {
        record
    })
}

/// Name and TCP, before anything of HTTP.
async fn reach(plan: &Plan, report: &mut Report<'_>) -> bool {
    let url = &plan.nas.url;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(80);
    let limit = plan.poll.timeout;
    let addresses: Vec<SocketAddr> = match timeout(limit, lookup_host((host.as_str(), port))).await {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => {
            let advice = "Check the spelling of the url, and that this host's DNS knows the NAS; an IP address works too.";
            report.failed("resolve", &format!("{host}: {error}"), advice);
            skip_after(report, "resolve");
            return false;
        }
        Err(_) => {
            report.failed("resolve", &format!("{host}: no answer"), "Check this host's DNS server.");
            skip_after(report, "resolve");
            return false;
        }
    };
    let list: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    report.ok("resolve", &format!("{host} is {}", list.join(", ")));
    match connect(&addresses, limit).await {
        Ok(address) => {
            report.ok("connect", &format!("{address} takes connections"));
            true
        }
        Err(facts) => {
            let advice = "Check that the NAS is on, that the port is right (DSM: 5000 for http, 5001 for https), \
                          and that its firewall lets this host in.";
            report.failed("connect", &facts, advice);
            skip_after(report, "connect");
            false
        }
    }
}

async fn connect(addresses: &[SocketAddr], limit: Duration) -> Result<SocketAddr, String> {
    let mut facts = "the name has no address".to_owned();
    for address in addresses {
        facts = match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(*address),
            Ok(Err(error)) => format!("{address}: {error}"),
            Err(_) => format!("{address}: no answer within {}", humantime::format_duration(limit)),
        };
    }
    Err(facts)
}

/// The first request, which needs no login: TLS, and whether it is DSM that answers.
async fn discover(plan: &Plan, client: &Client, report: &mut Report<'_>) -> Option<Discovery> {
    let answer = client.discover().await;
    if plan.nas.url.scheme() == "http" {
        report.warn("tls", "none: the password crosses the network in the clear; prefer https and port 5001");
    } else {
        let facts = client.certificate().as_ref().map_or_else(|| "no certificate seen".to_owned(), describe);
        match &answer {
            Err(error) if error.reason() == Reason::Tls => {
                report.failed("tls", &format!("{error}; {facts}"), &error.advice());
                skip_after(report, "tls");
                return None;
            }
            _ if plan.nas.tls.insecure_skip_verify => {
                report.warn("tls", &format!("not verified, as configured; {facts}"));
            }
            _ => report.ok("tls", &facts),
        }
    }
    match answer {
        Ok(discovery) => {
            report.ok("api", "the DSM Web API answers");
            Some(discovery)
        }
        // Without the package the API itself still answers; its own stage says so.
        Err(error) => {
            fail(report, "api", &error);
            None
        }
    }
}

fn describe(certificate: &PeerCertificate) -> String {
    let PeerCertificate { not_before: _, not_after, spki_sha256, subject, issuer, self_signed } = certificate;
    let until = jiff::Timestamp::from_second(*not_after)
        .map_or_else(|_| not_after.to_string(), |at| at.strftime("%Y-%m-%d").to_string());
    let by = if *self_signed { "self-signed".to_owned() } else { format!("by {issuer}") };
    format!("certificate {subject}, {by}, valid until {until}, pin_sha256 {spki_sha256}")
}

async fn login(
    name: &str,
    client: &Client,
    credentials: &ConfiguredCredentials,
    arguments: &cli::Doctor,
    report: &mut Report<'_>,
) -> bool {
    if let Err(error) = credentials.load() {
        report.failed("login", &error.to_string(), "Correct the file or the key that it names.");
        skip_after(report, "login");
        return false;
    }
    if let Some(code) = &arguments.otp_code {
        return enroll(name, client, code, report).await;
    }
    match client.login().await {
        Ok(()) => {
            report.ok("login", &format!("account {}", credentials.0.username));
            true
        }
        Err(error) => {
            fail(report, "login", &error);
            false
        }
    }
}

/// Logs in with a one-time code and hands the device id to the person who typed it.
async fn enroll(name: &str, client: &Client, code: &str, report: &mut Report<'_>) -> bool {
    use secrecy::ExposeSecret;
    const DEVICE_NAME: &str = "cloudsync-exporter";
    match client.enroll_device(code.to_owned().into(), DEVICE_NAME).await {
        Ok(id) => {
            report.ok("login", "with the one-time code");
            report.warn(
                "login",
                &format!(
                    "the device id is {} : keep it in a file that only the exporter can read, and name it in \
                     nas.{name}.device_id_file, with device_name {DEVICE_NAME}",
                    id.expose_secret()
                ),
            );
            true
        }
        Err(error) => {
            fail(report, "login", &error);
            false
        }
    }
}

/// Package, permission, versions and a sample.
async fn use_it(client: &Client, discovery: &Discovery, report: &mut Report<'_>) {
    let Some(package) = &discovery.cloud_sync else {
        return fail(report, "package", &Error::PackageMissing);
    };
    report.ok("package", "Cloud Sync is installed");
    let connections = match client.list_conn(GroupBy::User).await {
        Ok(connections) => connections,
        Err(error) => return fail(report, "permission", &error),
    };
    match connections.is_admin_mode.copied() {
        Some(false) => report.warn(
            "permission",
            "only this account's own connections are visible; put it into the group administrators, and \
             leave the package's multi-user setting on, to see everybody's",
        ),
        _ => report.ok("permission", "the account may use Cloud Sync"),
    }
    let compound = if discovery.compound.is_some() { "yes" } else { "no: one request a question" };
    report.ok(
        "versions",
        &format!(
            "SYNO.API.Auth up to {}, SYNO.CloudSync {} to {}, many questions in one request: {compound}",
            discovery.auth.max_version, package.min_version, package.max_version
        ),
    );
    sample(client, &connections, report).await;
}

/// What a poll asks, for the first connection.
async fn sample(
    client: &Client,
    connections: &crate::dsm::cloud_sync::wire::ListConn,
    report: &mut Report<'_>,
) {
    let mut batch = Batch::new();
    let transfers = batch.add(read::get_recently_change());
    let first = connections.conn.items.iter().find_map(|conn| conn.id.copied());
    let tasks = first.map(|id| batch.add(read::list_sess(id)));
    let mut answers = match client.run(batch).await {
        Ok(answers) => answers,
        Err(error) => return fail(report, "sample", &error),
    };
    let in_flight = match answers.take(transfers) {
        Ok(recent) => recent.processing_items.items.len(),
        Err(error) => return fail(report, "sample", &error),
    };
    if let Some(Err(error)) = tasks.map(|tasks| answers.take(tasks)) {
        return fail(report, "sample", &error);
    }
    let names: Vec<&str> =
        connections.conn.items.iter().filter_map(|conn| conn.task_display_name.as_str()).take(5).collect();
    report.ok(
        "sample",
        &format!(
            "{} connections ({}), {in_flight} files in flight",
            connections.conn.items.len(),
            names.join(", ")
        ),
    );
}
