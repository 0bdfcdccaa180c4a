//! Figures for supervisors (监察指标): folds over events, and nothing else.
//!
//! A [`Fold`] reads events and adds them up by parts, along a key of the host's: hall unit, service,
//! clerk, or several at once. Each [`Part`] holds counts and sums, which add up; means, quantiles and
//! shares are computed when asked, and a [`Share`] names its denominator. What the engine does not
//! see is told by the host: [`Ratings`].
//!
//! | figure | 中文 | of a [`Part`] |
//! |--------|------|---------------|
//! | wait | 平均等候时间 | `wait_mean_ms`, `wait_ms(p)`: from arrival to the first claim, without time held |
//! | within target | 达标率 | `within_target` |
//! | no-shows, left | 过号率, 弃号率 | `no_show_share`, `abandoned_share` |
//! | handling | 平均办理时长 | `handling_mean_ms` |
//! | grabs, put_backs | 抢单量, 退单率 | `grabs_next`, `grabs_named`, `put_back_share`; [`Fold::gini_of_grabs`] |
//! | skips | 挑单 | `skips`, `skipped` |
//! | use of windows | 窗口利用率 | `use_share` |
//! | on time | 按时办结率 | `on_time_share`, `on_time_share_with_open`, and both by law |
//! | early, at once | 提前办结率, 即办率 | `early_share`, `same_visit_share`; by services `Promises::immediate_share` |
//! | compression, speed-up | 承诺时限压缩比, 提速率 | complements of `promised_of_law`, `spent_of_promised` |
//! | supplements | 补正率, 一次告知合格率 | `supplement_share`, `told_once_share` |
//! | cards, hops | 万件红牌率, 流转次数 | `red_share`, `amber_share`, `hops` |
//! | satisfaction | 满意度 | [`Ratings::good`], [`Ratings::mean`], [`Ratings::active`] |

mod fold;
mod part;
#[cfg(feature = "calendar")]
mod promise;
mod rating;
mod share;

pub use fold::{Fold, Whose};
pub use part::Part;
#[cfg(feature = "calendar")]
pub use promise::Promises;
pub use rating::{Grade, RatingOrigin, Ratings};
pub use share::{Share, gini};
