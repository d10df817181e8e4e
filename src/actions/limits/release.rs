//! The end of a hold on settings, by its name.

use super::settle::{Site, Told, first_look, view};
use super::survey::{Survey, survey};
use crate::actions::holds::{Cause, Hold, Phase};
use crate::actions::list::ask;
use crate::actions::perform::{Deed, Done, Effect, plan};
use crate::actions::port::{Nas, Question};
use crate::actions::record::Origin;
use crate::actions::release::{QUIETLY, ended, tried_again};
use crate::actions::schema::Document;
use crate::actions::{ActionError, Actions, now};
use crate::model::{ConnectionId, NasName};
use serde_json::json;

impl Actions {
    /// Ends a hold on settings: what it held becomes what other holds want of it, or what it was before them. What the
    /// NAS does not take or does not show now is seen to by the keeper.
    pub(in crate::actions) async fn release_settings(
        &self,
        port: &dyn Nas,
        hold: Hold,
        origin: &Origin,
        dry_run: bool,
    ) -> Result<Effect, ActionError> {
        let nas = NasName::new(&hold.nas);
        let id = ConnectionId(hold.connection_id);
        let shown = match ask(port, Question::Settings(id)).await {
            Ok(shown) => shown,
            Err(failure) if dry_run => return Err(failure.into()),
            Err(failure) => return Err(self.release_later(port, &nas, hold, failure, origin).await),
        };
        let site = Site { actions: self, nas: &nas, port, id, steady: &first_look };
        if dry_run {
            return site.plan_without(&hold, &shown).await.map(Effect::Planned);
        }
        for other in site.absorb(&shown).await.iter().filter(|other| other.id != hold.id) {
            site.note_end(other).await;
        }
        site.let_go(hold, shown, origin).await.map(Effect::Done)
    }
}

impl Site<'_> {
    /// What follows once a hold is to end.
    fn without(self, hold: &Hold, shown: &Document) -> Survey {
        let mut holds = self.holds();
        holds.iter_mut().filter(|other| other.id == hold.id).for_each(|hold| hold.phase = Phase::Releasing);
        survey(&self.actions.book().ledger_of(self.nas, self.id), &holds, shown, self.circumstances())
    }

    async fn plan_without(
        self,
        hold: &Hold,
        shown: &Document,
    ) -> Result<crate::actions::DryRun, ActionError> {
        let survey = self.without(hold, shown);
        let before = json!({ "settings": view(&survey, Some(shown)), "hold": hold });
        let after = json!({ "settings": view(&survey, Some(&survey.merged(shown))) });
        let commands = self.command(&survey, shown).into_iter().collect();
        let mut planned = plan(self.port, commands, before, after).await?;
        planned.more = ended(std::slice::from_ref(hold));
        Ok(planned)
    }

    /// Ends a hold by a person's wish.
    async fn let_go(self, hold: Hold, shown: Document, origin: &Origin) -> Result<Done, ActionError> {
        let survey = self.without(&hold, &shown);
        let command = self.command(&survey, &shown);
        let deed = Deed {
            action: command.as_ref().map_or(QUIETLY, crate::actions::Command::method),
            target: self.object(std::slice::from_ref(&hold)),
            before: json!({ "settings": view(&survey, Some(&shown)), "hold": hold }),
        };
        let performance = self.actions.begin_regardless(self.nas, self.port, origin, deed).await;
        // From here on it is to end, whatever becomes of this try.
        self.actions.book().set_ending(std::slice::from_ref(&hold.id), Cause::Person, now()).await;
        let (Told { result, after }, others) = self.impose(&performance, &survey, &shown).await;
        let after = json!({ "settings": view(&survey, after.as_ref()) });
        let left = self.actions.book().get(&hold.id);
        if let Err(failure) = result {
            let left = left.into_iter().collect();
            return Err(performance.fail(tried_again(failure), after).await.with_holds(left));
        }
        let is_over = left.is_none();
        let mut done = performance.succeed(after, is_over).await;
        let gone = others.into_iter().filter(|other| other.id != hold.id);
        let gone: Vec<Hold> = is_over.then_some(hold.clone()).into_iter().chain(gone).collect();
        done.more = ended(&gone);
        Ok(done)
    }
}
