//! sign_in, sign_out, set_presence, set_units: clerks come and go.

use std::sync::atomic::Ordering::Relaxed;

use super::{Engine, Inner};
use crate::{
    ClerkId, ClerkSpec, Cx, Event, EventKind, Mono, Now, Presence, PresenceError, Session,
    SetSkillsError, SetUnitsError, SignInError, SignOutError, Wall,
    clerk::{CERTIFICATES_MAX, Clerk, Post},
    error::SpecError,
};

impl Engine {
    /// Begins a session of a clerk, who is then ready; returns its number. What they still hold
    /// from an earlier session stays theirs; a session that was open is replaced, and verbs that
    /// say its number ([`Cx::in_session`]) are refused from then on. One that had begun before may
    /// still take effect.
    ///
    /// Costs one pass over the lanes. A grab by the same clerk during the call may see the lanes of
    /// either session. A wrap-up that is not over goes on.
    ///
    /// # Errors
    ///
    /// See [`SignInError`]. Nothing has changed.
    pub fn sign_in(
        &self,
        cx: &mut Cx<'_>,
        clerk: ClerkId,
        spec: &ClerkSpec<'_>,
    ) -> Result<Session, SignInError> {
        let inner = &*self.inner;
        inner.check_session(cx, clerk)?;
        let record = inner.clerk(clerk).ok_or(SignInError::NoSuchClerk { clerk })?;
        inner.check_spec(spec)?;
        inner.note_pools(clerk, spec.pools);
        record.equip(spec, &inner.rules, cx.now.wall);
        let (before, now) = record.sign_in();
        inner.tell_of_clerk(cx, clerk, EventKind::ClerkSignedIn);
        inner.followed(cx, clerk, record, before, now);
        inner.begin_lease(clerk, record, cx.now.mono);
        inner.watch_papers(cx, clerk, record);
        Ok(now.session())
    }

    /// Changes what a clerk can do, for which pools they work and how much they may hold, in their
    /// session. What they hold stays theirs; the next grab goes by what is said here.
    ///
    /// Costs one pass over the lanes. A grab by the same clerk during the call may see some lanes of
    /// either.
    ///
    /// # Errors
    ///
    /// See [`SetSkillsError`]. Nothing has changed.
    pub fn set_skills(
        &self,
        cx: &mut Cx<'_>,
        clerk: ClerkId,
        spec: &ClerkSpec<'_>,
    ) -> Result<(), SetSkillsError> {
        let inner = &*self.inner;
        inner.check_session(cx, clerk)?;
        let record = inner.clerk(clerk).ok_or(SetSkillsError::NoSuchClerk { clerk })?;
        if !record.post().is_signed_in() {
            return Err(SetSkillsError::SignedOut { clerk });
        }
        inner.check_spec(spec)?;
        record.equip(spec, &inner.rules, cx.now.wall);
        inner.tell_of_clerk(cx, clerk, EventKind::ClerkSkills);
        inner.watch_papers(cx, clerk, record);
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
        self.inner.check_session(cx, clerk)?;
        let record = self.inner.clerk(clerk).ok_or(SignOutError::NoSuchClerk { clerk })?;
        if let Ok((before, now)) = record.change(|post| post.asked(Presence::SignedOut)) {
            self.inner.presence_changed(cx, clerk, record, before, now);
        }
        Ok(())
    }

    /// Changes a signed-in clerk's presence. [`Presence::SignedOut`] signs them out.
    ///
    /// Who asks for a break while they hold something is [`Presence::Draining`] now, and on break
    /// with the last release; who asks for `Draining` is signed out then, or at once if they hold
    /// nothing. The latest request wins. `Ready` ends a wrap-up.
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
        self.inner.check_session(cx, clerk)?;
        if let Presence::WrapUp | Presence::Lost = presence {
            return Err(PresenceError::NotChosen { presence });
        }
        let record = self.inner.clerk(clerk).ok_or(PresenceError::NoSuchClerk { clerk })?;
        let (before, now) = record
            .change(|post| post.asked(presence))
            .map_err(|_| PresenceError::SignedOut { clerk })?;
        self.inner.presence_changed(cx, clerk, record, before, now);
        Ok(())
    }

    /// Changes how much a clerk may hold. Nothing is taken away from one who holds more than that
    /// already; they grab nothing until there is room again.
    ///
    /// # Errors
    ///
    /// See [`SetUnitsError`]. Nothing has changed.
    pub fn set_units(
        &self,
        cx: &mut Cx<'_>,
        clerk: ClerkId,
        units: u32,
    ) -> Result<(), SetUnitsError> {
        self.inner.check_session(cx, clerk)?;
        let record = self.inner.clerk(clerk).ok_or(SetUnitsError::NoSuchClerk { clerk })?;
        record.set_units(units);
        let units = record.units();
        self.inner.tell_of_clerk(cx, clerk, EventKind::ClerkUnits { units });
        Ok(())
    }

    /// A clerk's presence; `None` if no clerk has this number.
    #[must_use]
    pub fn presence(&self, clerk: ClerkId) -> Option<Presence> {
        self.inner.clerk(clerk).map(|record| record.post().presence())
    }

    /// The number of a clerk's latest session; `None` if no clerk has this number.
    #[must_use]
    pub fn session(&self, clerk: ClerkId) -> Option<Session> {
        self.inner.clerk(clerk).map(|record| record.post().session())
    }

    /// How many units what a clerk holds takes, the sum of what its claims cost when they were
    /// grabbed; `None` if no clerk has this number. More than [`Engine::units`] if those were cut
    /// meanwhile.
    #[must_use]
    pub fn held(&self, clerk: ClerkId) -> Option<u32> {
        self.inner.clerk(clerk).map(|record| record.post().used())
    }

    /// For how long a clerk has been idle, in milliseconds: since they last served an order to its
    /// end, or signed in, without the time they were away. To go away and come back gains nothing.
    /// `None` if no clerk has this number; kept only if the rules say so.
    #[must_use]
    pub fn idle_ms(&self, clerk: ClerkId, now: Mono) -> Option<u64> {
        let record = self.inner.clerk(clerk)?;
        Some(record.times.idle_ms(now, record.post().is_away()))
    }

    /// How many units a clerk may hold; `None` if no clerk has this number.
    #[must_use]
    pub fn units(&self, clerk: ClerkId) -> Option<u32> {
        self.inner.clerk(clerk).map(Clerk::units)
    }
}

/// When it will be that time on the wall, as the two clocks stand now; not before the next millisecond.
fn mono_at(now: Now, wall: Wall) -> Mono {
    let ms = wall.0.saturating_sub(now.wall.0);
    now.mono.plus_ms(u64::try_from(ms).unwrap_or(0).max(1))
}

impl Inner {
    fn check_spec(&self, spec: &ClerkSpec<'_>) -> Result<(), SpecError> {
        if let Some(&pool) = spec.pools.iter().find(|pool| pool.0 >= self.rules.pools()) {
            return Err(SpecError::NoSuchPool { pool });
        }
        let capped = |service| self.rules.staff().capped().any(|(capped, _)| capped == service);
        if let Some(ceiling) = spec.ceilings.iter().find(|ceiling| !capped(ceiling.service)) {
            return Err(SpecError::NoCeiling { service: ceiling.service });
        }
        let (found, most) = (spec.certificates.len(), CERTIFICATES_MAX);
        if found > most {
            return Err(SpecError::TooManyCertificates { found, most });
        }
        Ok(())
    }

    /// Sees to it that a clerk is looked at when the next certificate runs out.
    pub(super) fn watch_papers(&self, cx: &Cx<'_>, clerk: ClerkId, record: &Clerk) {
        if let Some(until) = record.papers.next() {
            self.rest(clerk, mono_at(cx.now, until));
        }
    }

    /// Takes away what a clerk could do by certificates that have run out by now; when to look again.
    pub(super) fn lapse(&self, cx: &mut Cx<'_>, clerk: ClerkId, record: &Clerk) -> Option<Mono> {
        let lapsed = record.papers.lapse(cx.now.wall);
        record.forget(lapsed, &self.rules);
        for skill in lapsed.iter() {
            self.tell_of_clerk(cx, clerk, EventKind::CertificateLapsed { skill });
        }
        record.papers.next().map(|until| mono_at(cx.now, until))
    }

    /// A clerk's word was changed: tells so, if it shows, and what follows.
    pub(super) fn presence_changed(
        &self,
        cx: &mut Cx<'_>,
        clerk: ClerkId,
        record: &Clerk,
        before: Post,
        now: Post,
    ) {
        if before.presence() != now.presence() {
            self.tell_presence(cx, clerk, now.presence());
        }
        self.followed(cx, clerk, record, before, now);
    }

    /// What follows from a change of a clerk's word that was told.
    pub(super) fn followed(
        &self,
        cx: &mut Cx<'_>,
        clerk: ClerkId,
        record: &Clerk,
        before: Post,
        now: Post,
    ) {
        // Ordering: Relaxed, both. A count of which a share is taken; each change is counted by who
        // made it.
        match (before.is_signed_in(), now.is_signed_in()) {
            (false, true) => drop(self.staffed.fetch_add(1, Relaxed)),
            (true, false) => drop(self.staffed.fetch_sub(1, Relaxed)),
            _ => {}
        }
        let instant = cx.now.mono;
        match (before.is_away(), now.is_away()) {
            _ if !before.is_signed_in() => record.times.idle_from(instant),
            (false, true) => record.times.leave(instant),
            (true, false) => record.times.come_back(instant),
            _ => {}
        }
        self.recount_ready(cx, clerk);
    }

    /// A clerk has served an order: their idle clock begins anew, and the time to write it up.
    pub(super) fn served(&self, cx: &mut Cx<'_>, clerk: ClerkId, record: &Clerk) {
        let (now, wrap_up_ms) = (cx.now.mono, self.rules.staff().presence.wrap_up_ms);
        record.times.idle_from(now);
        if wrap_up_ms == 0 {
            return;
        }
        let until = now.plus_ms(wrap_up_ms);
        record.times.write_until(until);
        if let Ok((before, now)) = record.change(|post| Some(post.wrapping_up())) {
            self.presence_changed(cx, clerk, record, before, now);
        }
        self.rest(clerk, until);
    }

    /// Ends a wrap-up, if its time is over; until when it goes on, if not.
    pub(super) fn end_wrap_up(
        &self,
        cx: &mut Cx<'_>,
        clerk: ClerkId,
        record: &Clerk,
        armed: Mono,
    ) -> Option<Mono> {
        let until = record.times.written_up();
        if until > armed {
            return Some(until);
        }
        if let Ok((before, now)) = record.change(Post::wrapped_up) {
            // Another order may have been served meanwhile.
            if record.times.written_up() > armed {
                record.change(|post| Some(post.wrapping_up())).ok();
                return Some(record.times.written_up());
            }
            self.presence_changed(cx, clerk, record, before, now);
        }
        None
    }

    pub(super) fn tell_presence(&self, cx: &mut Cx<'_>, clerk: ClerkId, presence: Presence) {
        let kind = match presence {
            Presence::SignedOut => EventKind::ClerkSignedOut,
            presence => EventKind::ClerkPresence { presence },
        };
        self.tell_of_clerk(cx, clerk, kind);
    }

    pub(super) fn tell_of_clerk(&self, cx: &mut Cx<'_>, clerk: ClerkId, kind: EventKind) {
        let (at, clerk, version) = (cx.now, Some(clerk), self.in_force().version);
        let event = |seq| Event { seq, at, version, order: None, tag: 0, clerk, kind };
        cx.out.push(&self.desks, |_| (), event);
    }
}
