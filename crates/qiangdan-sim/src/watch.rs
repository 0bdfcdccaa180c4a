//! Whether a run happened as it may: the library's history checker beside it, in debug builds.

use qiangdan::{
    ClerkId, ClerkSpec, Cx, Engine, Event, Now, Outbox, Rules,
    history::{Finding, History, Proof},
};

/// So many orders are kept before closed ones are forgotten, beyond twice those that were open then.
const KEPT: usize = 20_000;

/// Where the events of a run go: the outbox of all its calls, and the checker, if there is one.
#[derive(Debug)]
pub(crate) struct Told {
    outbox: Outbox,
    history: Option<History>,
    /// When there are so many, closed orders are forgotten.
    kept_max: usize,
}

impl Told {
    /// Nobody checks.
    pub(crate) fn unchecked() -> Self {
        Self { outbox: Outbox::with_capacity(1_024), history: None, kept_max: KEPT }
    }

    /// Everything is checked.
    pub(crate) fn checked(rules: &Rules) -> Self {
        Self { history: Some(History::new(rules.clone())), ..Self::unchecked() }
    }

    /// Everything is checked if this is a debug build.
    pub(crate) fn checked_in_debug(rules: &Rules) -> Self {
        if cfg!(debug_assertions) { Self::checked(rules) } else { Self::unchecked() }
    }

    /// A clerk is about to sign in.
    pub(crate) fn signs_in(&mut self, clerk: ClerkId, spec: &ClerkSpec<'_>) {
        if let Some(history) = &mut self.history {
            history.signs_in(clerk, spec);
        }
    }

    /// Calls a verb; its events are those there are until the next call.
    pub(crate) fn call<T>(&mut self, now: Now, verb: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        self.outbox.clear();
        let answer = verb(&mut Cx::new(now, &mut self.outbox));
        if let Some(history) = &mut self.history {
            history.read_all(self.outbox.events());
            if history.kept() > self.kept_max {
                history.forget_closed();
                self.kept_max = 2 * history.kept() + KEPT;
            }
        }
        answer
    }

    /// The events of the last call.
    pub(crate) fn events(&self) -> &[Event] {
        self.outbox.events()
    }

    /// What the checker says; `None` if there is none.
    pub(crate) fn check(&self, engine: &Engine) -> Option<Result<Proof, Vec<Finding>>> {
        Some(self.history.as_ref()?.check_against(engine))
    }

    /// Whatever happened could happen, if somebody checks.
    ///
    /// # Panics
    ///
    /// If it could not: then the engine, or the checker, is wrong.
    pub(crate) fn assert_right(&self, engine: &Engine) {
        if let Some(Err(findings)) = self.check(engine) {
            let first = findings.iter().take(8).map(ToString::to_string).collect::<Vec<_>>();
            panic!("{} findings in the history of this run:\n{}", findings.len(), first.join("\n"));
        }
    }
}
