//! Qiangdan (抢单, "grab the order"): an embeddable, lock-free dispatch and queueing engine.
#![forbid(unsafe_code)]

mod ids;
mod rules;
mod time;

pub use ids::{
    Claim, ClassId, ClerkId, DedupKey, LadderId, LaneId, OrderId, PoolId, RoleId, ServiceId,
    SkillId, Skills,
};
pub use rules::{
    Action, Colour, Ladder, LaneRule, Rules, RulesDraft, RulesError, ServiceRule, Stage, WaitTarget,
};
pub use time::{Mono, Now, Wall};
