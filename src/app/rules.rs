//! `rules test`: what rules would do on recorded notifications, for people who keep their rules in git.

mod connections;
mod recording;
mod show;

use super::{complain, fail, load_at, print, refuse};
use crate::actions::Reach;
use crate::automation::{Bearer, Props, Rehearsal};
use crate::cli::Flags;
use crate::cli::rules::{Rules, RulesCommand, RulesOutput, RulesTest};
use crate::config::{AutomationMode, Config, Place, Scope};
use recording::{Clock, Recording};
use show::Act;
use std::path::Path;
use std::process::ExitCode;

/// The command.
pub(super) fn command(flags: &Flags, arguments: &Rules) -> ExitCode {
    let RulesCommand::Test(arguments) = &arguments.command;
    let config = match load_at(Place::Elsewhere, flags) {
        Ok(config) => config,
        Err(problems) => return refuse(flags, &problems),
    };
    match test(&config, arguments) {
        Ok(is_good) => ExitCode::from(u8::from(!is_good)),
        Err(why) => fail(&*why),
    }
}

/// The test of rules. Whether every notification could be read, and came out as expected.
fn test(config: &Config, arguments: &RulesTest) -> anyhow::Result<bool> {
    let bearer = bearer(config, arguments.token.as_deref())?;
    let read: Vec<_> = arguments.webhook.iter().map(|file| Recording::read(file)).collect();
    let (recordings, bad): (Vec<_>, Vec<_>) = read.into_iter().partition(Result::is_ok);
    let recordings: Vec<Recording> = recordings.into_iter().flatten().collect();
    for why in bad.iter().filter_map(|read| read.as_ref().err()) {
        complain(why);
    }
    let rules = super::automation::settings(config).rules;
    let fleet = connections::fleet(config, &rules, arguments, &recordings)?;
    note(config, fleet.is_assumed);
    let automation = &config.automation;
    let rehearsal = Rehearsal::new(Props {
        rules,
        max_held_share: (!fleet.is_assumed).then_some(automation.max_held_share),
        fleet: fleet.connections,
        bearer,
    });
    let acts = play(rehearsal, recordings, Clock::new(arguments.at, arguments.step));
    let shown = match arguments.output {
        RulesOutput::Table => show::table(&acts),
        RulesOutput::Json => show::json(&acts),
    };
    let is_expected = match &arguments.expect {
        None => {
            print(&shown);
            true
        }
        Some(file) => is_expected(file, &shown)?,
    };
    Ok(is_expected && bad.is_empty())
}

fn play(mut rehearsal: Rehearsal, recordings: Vec<Recording>, mut clock: Clock) -> Vec<Act> {
    let act = |recording: Recording| {
        let at = clock.moment(&recording);
        let before = rehearsal.pass(at);
        let then = rehearsal.hear(&recording.notification.alerts);
        Act { recording, at, before, then, holds: rehearsal.holds().to_vec() }
    };
    recordings.into_iter().map(act).collect()
}

/// What of the outcome is not as it would be in earnest.
fn note(config: &Config, is_assumed: bool) {
    let automation = &config.automation;
    if automation.rules.is_empty() {
        complain("note: the configuration has no rules");
    }
    if automation.mode == AutomationMode::Observe {
        complain("note: automation.mode is observe, so the daemon would say would_act and take no hold");
    }
    if is_assumed {
        complain("note: connections are assumed from rules and alerts, so max_held_share is not looked at");
    }
}

/// Who sends the notifications.
fn bearer(config: &Config, token: Option<&str>) -> anyhow::Result<Bearer> {
    let Some(name) = token else {
        let all = vec!["*".to_owned()];
        return Ok(Bearer { reach: Reach { nas: all.clone(), connections: all }, ..Bearer::default() });
    };
    let fitting = config.admin.tokens.iter().filter(|(_, token)| token.scopes.contains(&Scope::Webhook));
    if let Some((_, token)) = fitting.clone().find(|(known, _)| *known == name) {
        let reach = super::automation::reach(token);
        return Ok(Bearer { token: name.to_owned(), reach, ..Bearer::default() });
    }
    let names: Vec<&str> = fitting.map(|(name, _)| name.as_str()).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    anyhow::bail!("--token: {name} is no token with the scope webhook; allowed: {names}")
}

/// Whether it is shown what the file says; if not, the difference is.
fn is_expected(file: &Path, shown: &str) -> anyhow::Result<bool> {
    let name = file.display().to_string();
    let expected = std::fs::read_to_string(file).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    if expected == shown {
        print(&format!("everything is as {name} says\n"));
        return Ok(true);
    }
    let differences = similar::TextDiff::from_lines(expected.as_str(), shown);
    let mut differences = differences.unified_diff();
    print(&differences.header(&name, "what the rules do now").to_string());
    Ok(false)
}
