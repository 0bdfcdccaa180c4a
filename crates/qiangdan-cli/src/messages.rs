//! Every text of a report, in both languages: key, 中文, English.

/// Key, Chinese, English. Placeholders are `{word}`.
pub(crate) const MESSAGES: &[(&str, &str, &str)] = &[
    // Titles and sources.
    ("simulated", "仿真报告", "Simulation report"),
    ("replayed", "重放报告", "Replay report"),
    (
        "source_simulated",
        "随机 {days} 天 · 种子 {seed} · 随机流第 {streams} 版",
        "random days: {days} · seed {seed} · streams v{streams}",
    ),
    (
        "source_replayed",
        "流水 {trace} · {days} 天 · {rows} 行（略过 {skipped} 行）· 方式 {mode}",
        "trace {trace} · days: {days} · rows: {rows} ({skipped} skipped) · mode {mode}",
    ),
    ("engine", "引擎", "engine"),
    // Verdict.
    ("target_is", "目标：等候不超过 {t}的占比 ≥ {s}", "Target: ≥ {s} wait no longer than {t}"),
    ("met", "达标", "met"),
    ("missed", "未达标", "missed"),
    ("unsure", "未定", "unsure"),
    ("whole_day", "全天", "whole day"),
    ("worst_half_hour", "最差半小时", "worst half hour"),
    ("decides", "以此为准", "decides"),
    ("orders_unit", "件", "orders"),
    ("interval", "95 % 置信区间", "95 % interval"),
    (
        "holds_barely",
        "点估计已达目标，但区间跨过目标线，建议增加天数",
        "the share reaches the target, its interval does not yet: run more days",
    ),
    (
        "fails_barely",
        "点估计低于目标，但区间跨过目标线，建议增加天数",
        "the share is below the target, its interval is not yet: run more days",
    ),
    (
        "basis_orders",
        "区间按件数估算（Wilson），没有日间波动可用，可能偏窄",
        "interval by number of orders (Wilson), without spread of days: may be narrow",
    ),
    // Totals.
    ("arrived", "到达", "arrived"),
    ("arrived_per_day", "到达/天", "per day"),
    ("at_once", "免等", "no wait"),
    ("abandoned", "离开", "left"),
    ("abandoned_late", "等候超过目标后离开", "left after the target"),
    ("still_waiting", "闭厅仍在等", "still waiting"),
    ("breaches", "超时", "breaches"),
    ("per_day", "每天", "per day"),
    ("times", "次数", "times"),
    ("served_at_once", "到达即被抢单", "no wait"),
    ("unclaimed_max", "未被抢单者最长等候", "longest wait of anybody never grabbed"),
    // Waits.
    ("by_service", "按事项", "By service"),
    ("p50", "p50", "p50"),
    ("p90", "p90", "p90"),
    ("p95", "p95", "p95"),
    ("arrivals_per_day", "到达/天", "arrivals/day"),
    ("mean_wait", "平均等候", "mean wait"),
    ("abandoned_per_day", "离开/天", "left/day"),
    ("still_waiting_per_day", "闭厅仍等/天", "still waiting/day"),
    ("breaches_per_day", "超时/天", "breaches/day"),
    ("p99", "p99", "p99"),
    ("service", "事项", "service"),
    ("all_services", "合计", "all"),
    ("mean", "平均", "mean"),
    ("max", "最长", "max"),
    ("within", "达标率", "within"),
    ("by_half_hour", "按到达时段", "By half hour of arrival"),
    ("half_hour", "时段", "from"),
    ("queue_mean", "均排", "queue"),
    ("queue_max", "最多", "most"),
    ("windows_open", "开窗", "open"),
    ("against_target", "p90 / 目标", "p90 / target"),
    (
        "bar_note",
        "竖线为目标；✗ 为该时段达标率低于目标",
        "tick: the target; ✗: share below the target",
    ),
    ("recorded", "实录", "recorded"),
    ("recorded_beside", "实录对照", "Beside what was recorded"),
    ("this_run", "本次", "this run"),
    ("difference", "差", "change"),
    // Windows.
    ("window_use", "窗口利用率", "Window use"),
    ("window", "窗口", "window"),
    ("group", "组", "group"),
    ("windows", "窗口数", "windows"),
    ("lowest_highest", "最低–最高", "lowest–highest"),
    ("used", "利用率", "use"),
    ("orders_per_day", "件/天", "orders/day"),
    ("open_hours", "开窗时数/天", "open h/day"),
    ("and_more", "另有 {n} 个窗口，见 --json", "{n} more windows: see --json"),
    // Escalations.
    ("escalations", "升级", "Escalations"),
    ("ladder", "阶梯", "ladder"),
    ("stage", "级", "stage"),
    ("stage_after", "等候达", "after"),
    ("what", "措施", "what happens"),
    // Limits by the calendar.
    ("limits", "时限", "Limits by the calendar"),
    (
        "limits_note",
        "按期率 = 按期 ÷（按期 + 逾期 + 未结逾期）",
        "on time: in time ÷ (in time + late + overdue)",
    ),
    ("limit", "时限", "limit"),
    ("lasts", "期限", "lasts"),
    ("started", "起算", "started"),
    ("in_time", "按期", "in time"),
    ("late", "逾期", "late"),
    ("running", "未结", "open"),
    ("overdue", "未结逾期", "overdue"),
    ("on_time", "按期率", "on time"),
    ("cards", "黄/红牌", "cards"),
    ("limit_stages", "时限升级", "Stages of limits"),
    (
        "limits_idle",
        "另有 {n} 项时限在本次运行中没有起算：起算的节点没有人告知",
        "{n} more limits did not begin: nobody tells a run what starts them",
    ),
    (
        "limits_unknown",
        "有 {n} 个时钟的届满日超出日历，不计入按期率",
        "{n} clocks are due beyond the calendar and do not count",
    ),
    // What a run leaves out.
    (
        "untimed",
        "注意：按日历计的时限（{limits} 项）没有计时，因为这些天没有日期；加 --from 日期 即可计时",
        "note: limits by the calendar ({limits}) are not timed here, because these days have no dates; \
         --from DATE gives them some",
    ),
    // Hints.
    ("next", "下一步", "next"),
    ("hint_page", "完整报告：{path}", "full report: {path}"),
    (
        "hint_make_page",
        "--report 文件.html 生成可打印的完整报告",
        "--report FILE.html writes the full report, ready to print",
    ),
    ("hint_json", "--json 给程序读取", "--json for programs"),
    ("hint_days", "增加天数（--days）可收窄区间", "more days (--days) narrow the interval"),
    (
        "hint_worst",
        "先看 {start} 前后：每天到达 {arrived} 件，开窗 {open} 个",
        "look at {start} first: {arrived} orders a day arrive, {open} windows are open",
    ),
    (
        "hint_worst_recorded",
        "先看 {start} 前后：每天到达 {arrived} 件",
        "look at {start} first: {arrived} orders a day arrive",
    ),
    // The page.
    ("figures", "主要数字", "Main figures"),
    ("figure", "指标", "figure"),
    ("chart_curve", "等候多久以内被抢单", "Share grabbed within a wait"),
    (
        "chart_curve_note",
        "每条曲线：等候不超过横轴时间的占比。十字线为目标。{share} 到达即被抢单。",
        "Each line: the share that waited no longer than this. The cross-hair is the target. {share} did not wait at all.",
    ),
    ("chart_half_hours", "各时段等候", "Waits by half hour of arrival"),
    (
        "chart_half_hours_note",
        "按到达时刻。色带为 p50 至 p95；灰红底为达标率低于目标的时段。",
        "By time of arrival. The band runs from p50 to p95; shaded half hours fall short of the target.",
    ),
    ("chart_queue", "排队人数", "People waiting"),
    (
        "chart_queue_note",
        "半小时均值；色带为各天均值的 5 %–95 %。",
        "Mean over each half hour; the band holds 5–95 % of the days' means.",
    ),
    (
        "chart_queue_note_single",
        "半小时均值与最大值。只有一天，没有日间色带。",
        "Mean over each half hour and the most. A single day has no band.",
    ),
    ("chart_windows", "窗口利用率", "Window use"),
    (
        "chart_windows_note",
        "忙时 ÷ 开窗时，须线为 95 % 置信区间；虚线 85 % 为经验上限。",
        "Busy ÷ open with 95 % intervals; above the 85 % guide queues grow fast.",
    ),
    ("chart_staffing", "到达与开窗", "Arrivals and open windows"),
    (
        "chart_staffing_note",
        "每半小时到达件数（柱）与平均开窗数（阶梯线）。",
        "Orders arriving per half hour (bars) and windows open on average (steps).",
    ),
    ("axis_minutes", "等候 / 分钟", "wait / minutes"),
    ("axis_share", "占比", "share"),
    ("axis_time", "到达时刻", "time of arrival"),
    ("axis_clock", "时刻", "time of day"),
    ("axis_people", "人", "people"),
    ("axis_count", "件 / 个", "orders / windows"),
    ("target", "目标", "target"),
    ("band_days", "各天 5–95 %", "5–95 % of days"),
    ("method", "方法", "Method"),
    (
        "method_wait",
        "等候：从到达到第一次被抢单。恰好等于目标算达标。",
        "Wait: from arrival to the first grab. A wait of exactly the target keeps it.",
    ),
    (
        "method_share",
        "达标率 = 目标内被抢单 ÷（被抢单 + 等候超过目标后离开 + 闭厅时已等候超过目标）。久等而去的人算未达标。",
        "Share within = grabbed within the target ÷ (grabbed + left after waiting longer + still waiting longer at close). Whoever leaves late is a failure, not missing data.",
    ),
    (
        "method_interval_days",
        "区间：每天为一次独立重复；达标率用比率估计（delta 法）与 Student t；各时段区间做 Bonferroni 校正。",
        "Intervals: each day is an independent replication; ratio estimator (delta method) with Student's t; half hours are Bonferroni-corrected.",
    ),
    (
        "method_interval_orders",
        "区间：只有一天，用 Wilson 得分区间，把各件当作独立，可能偏窄；各时段做 Bonferroni 校正。",
        "Intervals: a single day, so Wilson's score interval, which takes orders as independent and may be too narrow; half hours are Bonferroni-corrected.",
    ),
    (
        "method_quantile",
        "分位数：保留每一次等候，取最近秩（至少 p 的等候不超过它的最小值），不做近似。",
        "Quantiles: every wait is kept; nearest rank (the smallest wait that a share p does not exceed), no sketch.",
    ),
    (
        "method_worst",
        "最差半小时：整个运行中至少 30 件的时段里达标率最低者。",
        "Worst half hour: the lowest share among half hours with at least 30 orders over the run.",
    ),
    (
        "method_engine",
        "每一天都跑在与真实大厅相同的引擎上；同一种子得到同一份报告。",
        "Every day ran through the engine that serves live halls; the same seed gives the same report.",
    ),
    ("repeat", "如何复现", "How to repeat this"),
    ("inputs", "输入", "Inputs"),
    ("overall", "全部", "all services"),
    ("most", "最多", "most"),
    ("arrivals", "到达", "arrivals"),
    ("open_windows", "开窗", "open windows"),
    ("share_below", "低于目标", "below target"),
    // Due dates.
    ("due_calendar", "日历", "calendar"),
    ("due_published", "节假日已公布 {from} 至 {until}", "holidays known {from} to {until}"),
    ("due_from", "起算", "from"),
    ("due_pause", "中止", "paused"),
    ("due_goes_on", "仍在中止", "goes on"),
    ("due_restarted", "重新起算", "anew"),
    ("due_extended", "延长", "extended"),
    ("due_named", "{what}（{name}）", "{what} ({name})"),
    ("due_and", "、", ", "),
    ("due_receipt", "收到当日，不计入", "day of receipt, not counted"),
    ("due_paused", "中止", "paused"),
    ("due_put_off", "期限已满，顺延至工作日", "put off to a working day"),
    ("due_holiday", "放假", "holiday"),
    ("due_rest", "休息日", "day of rest"),
    ("due_closed", "闭馆", "closed"),
    ("due_make_up", "调休上班", "make-up day"),
    ("due_outside", "不在计时时段", "outside of its time"),
    ("due_day", "第 {n} 日", "day {n}"),
    ("due_days", "第 {n}–{m} 日", "days {n}–{m}"),
    ("due_total", "合计", "in all"),
    ("due_counted", "计入 {n}", "{n} counted"),
    ("due_counted_not", "计入 {n}；不计：{others}", "{n} counted; not: {others}"),
    ("due_n_receipt", "收到当日", "receipt"),
    ("due_n_rest", "休息日", "days of rest"),
    ("due_n_holidays", "放假", "holidays"),
    ("due_n_paused", "中止", "paused"),
    ("due_n_put_off", "顺延", "put off"),
    ("due_n_other", "其他", "other"),
    ("due_one_working_day", "1 个工作日", "1 working day"),
    ("due_one_day", "1 日", "1 day"),
    ("due_n_working_days", "{n} 个工作日", "{n} working days"),
    ("due_n_days", "{n} 日", "{n} days"),
    ("due_due", "到期", "due"),
    ("due_settled", "已定", "settled"),
    ("due_provisional", "暂定", "provisional"),
    (
        "due_settles",
        "节假日只公布到 {until}；{years} 年放假通知公布后才能确定",
        "holidays known until {until}; the notice for {years} settles it",
    ),
    (
        "due_settles_before",
        "日历不含 {years} 年的放假通知，补上后才能确定",
        "the notice for {years} is missing in the calendar",
    ),
    ("due_stands", "中止中，自 {since} 起停表", "the clock stands still since {since}"),
    ("due_if_resumed", "若于 {at} 恢复，{due} 到期", "resumed at {at}, it is due {due}"),
    ("due_at", "截至", "as of"),
    (
        "due_spent",
        "已用 {spent}（{percent} %），剩 {left}",
        "spent {spent} ({percent} %), left {left}",
    ),
    ("due_in_time", "未逾期", "in time"),
    ("due_late", "已逾期", "late"),
    ("due_late_by", "逾期 {by}", "late by {by}"),
    ("due_next_day", "次日起算", "from the next day"),
    (
        "due_next_day_deferred",
        "休息日收到的顺延，次日起算",
        "received on a day of rest: the next working day",
    ),
    (
        "due_next_day_hours",
        "下班后收到的算次一工作日",
        "received after hours: the next working day",
    ),
    ("due_same_day", "当日起算", "from the same day"),
    ("due_ends_close", "最后一日下班时截止", "ends at close of business"),
    ("due_ends_midnight", "最后一日二十四时截止", "ends at midnight"),
    ("due_ends_same_time", "最后一日同一时刻截止", "ends at the same time of day"),
    (
        "due_ends_working_close",
        "遇休息日顺延，下班时截止",
        "ends at close of business of a working day",
    ),
    (
        "due_ends_working_midnight",
        "遇休息日顺延，二十四时截止",
        "ends at midnight of a working day",
    ),
    ("due_in_hours", "只计办公时间", "in opening hours only"),
    ("due_always", "昼夜连续计时", "runs always"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'))
            .map(|(word, _)| word)
            .collect()
    }

    #[test]
    fn both_languages_have_every_text_and_the_same_placeholders() {
        for (key, zh, en) in MESSAGES {
            assert!(!zh.is_empty() && !en.is_empty(), "{key}");
            assert_eq!(placeholders(zh), placeholders(en), "{key}");
        }
    }

    #[test]
    fn no_key_is_given_twice() {
        let keys = MESSAGES.iter().map(|message| message.0).collect::<BTreeSet<_>>();
        assert_eq!(keys.len(), MESSAGES.len());
    }

    #[test]
    fn every_text_is_used() {
        let sources = [
            include_str!("lang.rs"),
            include_str!("outcome.rs"),
            include_str!("show/mod.rs"),
            include_str!("show/verdict.rs"),
            include_str!("show/waits.rs"),
            include_str!("show/desks.rs"),
            include_str!("show/limits.rs"),
            include_str!("due/days.rs"),
            include_str!("due/show.rs"),
            include_str!("page/mod.rs"),
            include_str!("page/plots.rs"),
            include_str!("../templates/report.html"),
        ]
        .concat();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let words = sources.split(|c| !is_part(c)).collect::<BTreeSet<_>>();
        let keys = MESSAGES.iter().map(|message| message.0);
        assert_eq!(keys.filter(|key| !words.contains(key)).collect::<Vec<_>>(), Vec::<&str>::new());
    }
}
