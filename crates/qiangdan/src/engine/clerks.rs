//! sign_in, sign_out, set_presence: clerks come and go.

use super::{Engine, Inner};
use crate::{
    ClerkId, ClerkSpec, Cx, Event, EventKind, Presence, PresenceError, SignInError, SignOutError,
};

impl Engine {
    /// Begins a session of a clerk, who is then ready. What they still hold from an earlier session
    /// stays theirs; a session that was open is replaced.
    ///
    /// Costs one pass over the lanes. A grab by the same clerk during the call may see the lanes of
    /// either session.
    ///
    /// # Errors
    ///
    /// See [`SignInError`]. Nothing has changed.
    pub fn sign_in(
        &self,
        cx: &mut Cx<'_>,
        clerk: ClerkId,
        spec: &ClerkSpec<'_>,
    ) -> Result<(), SignInError> {
        let inner = &*self.inner;
        let record = inner.clerk(clerk).ok_or(SignInError::NoSuchClerk { clerk })?;
        if let Some(&pool) = spec.pools.iter().find(|pool| pool.0 >= inner.rules.pools()) {
            return Err(SignInError::NoSuchPool { pool });
        }
        inner.note_pools(clerk, spec.pools);
        record.sign_in(spec, &inner.rules);
        inner.tell_of_clerk(cx, clerk, EventKind::ClerkSignedIn);
        inner.recount_ready(cx, clerk);
        Ok(())
    }

    /// Ends a clerk's session. They grab no more; what they hold stays theirs to complete or put
    /// back, as a clerk whose shift ends finishes with the person at the window. Doing it twice is as
    /// good as once.
    ///
    /// # Errors
    ///
    /// See [`SignOutError`]. Nothing has changed.
    pub fn sign_out(&self, cx: &mut Cx<'_>, clerk: ClerkId) -> Result<(), SignOutError> {
        let record = self.inner.clerk(clerk).ok_or(SignOutError::NoSuchClerk { clerk })?;
        if record.set_presence(Presence::SignedOut) {
            self.inner.tell_of_clerk(cx, clerk, EventKind::ClerkSignedOut);
            self.inner.recount_ready(cx, clerk);
        }
        Ok(())
    }

    /// Changes a signed-in clerk's presence. [`Presence::SignedOut`] signs them out.
    ///
    /// # Errors
    ///
    /// See [`PresenceError`]. Nothing has changed.
    pub fn set_presence(
        &self,
        cx: &mut Cx<'_>,
        clerk: ClerkId,
        presence: Presence,
    ) -> Result<(), PresenceError> {
        let record = self.inner.clerk(clerk).ok_or(PresenceError::NoSuchClerk { clerk })?;
        let before = record.presence();
        if !record.set_presence(presence) {
            return Err(PresenceError::SignedOut { clerk });
        }
        if presence == Presence::SignedOut {
            self.inner.tell_of_clerk(cx, clerk, EventKind::ClerkSignedOut);
        } else if presence != before {
            self.inner.tell_of_clerk(cx, clerk, EventKind::ClerkPresence { presence });
        }
        self.inner.recount_ready(cx, clerk);
        Ok(())
    }

    /// A clerk's presence; `None` if no clerk has this number.
    #[must_use]
    pub fn presence(&self, clerk: ClerkId) -> Option<Presence> {
        self.inner.clerk(clerk).map(crate::clerk::Clerk::presence)
    }

    /// How many orders a clerk holds; `None` if no clerk has this number.
    #[must_use]
    pub fn held(&self, clerk: ClerkId) -> Option<u32> {
        self.inner.clerk(clerk).map(crate::clerk::Clerk::held)
    }
}

impl Inner {
    fn tell_of_clerk(&self, cx: &mut Cx<'_>, clerk: ClerkId, kind: EventKind) {
        let (at, clerk, version) = (cx.now, Some(clerk), self.in_force().version);
        let event = |seq| Event { seq, at, version, order: None, tag: 0, clerk, kind };
        cx.out.push(&self.desks, |_| (), event);
    }
}
