//! How every history ends: everything is well again, the alerts are over, and what is left is as it must be. Then alerts
//! fire anew, to see that nothing is stuck.

use super::event::{At, Event, First, KINDS, PLACES, Place, targets};
use super::known::Wish;
use super::send::payload;
use super::trial::Trial;
use super::watch::real;
use cloudsync_exporter::actions::{Hold, Phase};
use std::collections::BTreeSet;

impl Trial {
    /// Settles everything, and judges.
    pub(super) async fn ends_well(&mut self) -> Result<(), String> {
        self.note("everything is well again");
        for at in At::ALL {
            self.happens(Event::Comes(at, false)).await?;
        }
        for Place(at, id) in PLACES {
            self.script(at).heals(id);
        }
        self.happens(Event::Answers(None, None)).await?;
        self.note("the alerts end");
        self.alerts_end(self.is_told).await?;
        // The longest lease.
        self.happens(Event::Pass(4_000, First::Rules)).await?;
        self.settles(|hold| hold.kind() == cloudsync_exporter::model::HoldKind::Alert && !hold.latch).await?;
        self.judge()?;
        if self.fires_anew { self.goes_on().await } else { Ok(()) }
    }

    /// Everything is let go, and alerts fire anew: nothing is stuck.
    async fn goes_on(&mut self) -> Result<(), String> {
        self.note("everything is let go, and alerts fire anew");
        self.happens(Event::Loads(false, 1.0)).await?;
        self.happens(Event::Freezes(false)).await?;
        // Without the end of an alert nobody can tell its next occurrence from a repeat.
        self.alerts_begin().await?;
        self.alerts_end(true).await?;
        self.let_go().await?;
        self.happens(Event::Loads(true, 1.0)).await?;
        self.happens(Event::Pass(90_000, First::Rules)).await?;
        self.alerts_begin().await?;
        self.happens(Event::Pass(3, First::Rules)).await?;
        self.holds_all()?;
        self.alerts_end(true).await?;
        self.happens(Event::Pass(200, First::Rules)).await?;
        self.let_go().await
    }

    async fn alerts_begin(&mut self) -> Result<(), String> {
        let alerts = KINDS.map(|kind| payload(kind, "firing", self.senders.begins(kind), None));
        self.tell(&alerts).await
    }

    async fn alerts_end(&mut self, is_told: bool) -> Result<(), String> {
        self.happens(Event::Pass(1, First::Rules)).await?;
        let alerts = KINDS.map(|kind| {
            let (starts, ends) = self.senders.ends(kind);
            payload(kind, "resolved", starts, ends)
        });
        if is_told { self.tell(&alerts).await } else { Ok(()) }
    }

    /// Every hold is ended by its name.
    async fn let_go(&mut self) -> Result<(), String> {
        let holds = self.watch().actions.book().all();
        for hold in holds {
            if self.watch().actions.book().get(&hold.id).is_some() {
                self.deletes(&hold).await?;
            }
        }
        self.settles(|_| true).await?;
        self.judge()
    }

    /// Until none of these holds is left, and none of any in between.
    async fn settles(&mut self, is_to_go: impl Fn(&Hold) -> bool) -> Result<(), String> {
        for seconds in [1, 2, 3, 3, 3, 61, 61, 61, 3] {
            let holds = self.watch().actions.book().all();
            // What a NAS forgot stays so while rules are frozen.
            let is_frozen = self.watch().actions.is_frozen();
            let is_left = |hold: &Hold| hold.phase == Phase::Pausing && !hold.rule.is_empty() && is_frozen;
            if holds.iter().all(|hold| (hold.phase == Phase::Held || is_left(hold)) && !is_to_go(hold)) {
                return Ok(());
            }
            self.happens(Event::Pass(seconds, First::Rules)).await?;
        }
        let holds = self.watch().actions.book().all();
        Err(format!("these holds do not settle: {holds:#?}"))
    }

    /// What is held is paused, what is not is as persons want it.
    fn judge(&self) -> Result<(), String> {
        let watch = self.watch();
        for place in PLACES {
            let is_paused = real(&self.script(place.0), place.1).is_paused;
            let (holds, wish) = (watch.holds(place), watch.places[&place].wish);
            // What a NAS forgot stays so while rules are frozen.
            let is_left = watch.actions.is_frozen() && holds.iter().all(|hold| !hold.rule.is_empty());
            let is_good = match (holds.is_empty(), wish) {
                (false, _) => is_paused || is_left,
                (true, Wish::Runs) => !is_paused,
                (true, Wish::Paused) => is_paused,
                (true, Wish::Either) => true,
            };
            if !is_good {
                return Err(format!(
                    "{place:?} is paused: {is_paused}; it should be {wish:?}, with {holds:?}"
                ));
            }
        }
        Ok(())
    }

    /// Each rule holds what its alerts are about.
    fn holds_all(&self) -> Result<(), String> {
        let wanted: BTreeSet<(String, Place)> = KINDS
            .iter()
            .flat_map(|kind| kind.rules.iter().map(move |rule| (*rule, *kind)))
            .flat_map(|(rule, kind)| {
                targets(rule, kind).into_iter().map(move |place| (rule.to_owned(), place))
            })
            .collect();
        let watch = self.watch();
        for (rule, place) in wanted {
            let holds = watch.holds(place);
            let is_held = holds.iter().any(|hold| hold.rule == rule && hold.phase == Phase::Held);
            if !is_held || !self.is_paused(place) {
                return Err(format!("rule {rule} does not hold {place:?}: {holds:?}"));
            }
        }
        Ok(())
    }
}
