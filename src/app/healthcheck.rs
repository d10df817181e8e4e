//! `healthcheck`: asks a running daemon, and exits by its answer.

use super::complain;
use crate::cli::Healthcheck;
use std::process::ExitCode;
use std::time::Duration;

/// The command. Container engines give it some seconds; it takes at most five.
pub(super) async fn command(arguments: &Healthcheck) -> ExitCode {
    match ask(&arguments.url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn ask(url: &str) -> Result<(), String> {
    let url = format!("{}/-/healthy", url.trim_end_matches("/-/healthy").trim_end_matches('/'));
    // It sends nothing secret and asks the host that it runs on, whose certificate is for other names.
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .tls_danger_accept_invalid_certs(true)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(5))
        .build()
        .map_err(|error| error.to_string())?;
    let response = client.get(&url).send().await.map_err(|error| format!("{url}: {}", causes(&error)))?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let text = response.text().await.unwrap_or_default();
    Err(format!("{url}: {status}: {}", text.trim()))
}

fn causes(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
