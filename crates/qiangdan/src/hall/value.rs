//! Single values of the file: each reader reports what does not fit and answers `None`.

use std::ops::RangeInclusive;

use toml::{Spanned, de::DeValue};

use super::{Code, Duration, Share, Span, mistake::Mistakes, span::time_of_day_ms};

/// A value of the file and its place.
pub(super) type Value<'d> = Spanned<DeValue<'d>>;

/// Reports that something else was expected than what is there.
pub(super) fn wrong_type<T>(value: &Value<'_>, expected: &str, to: &mut Mistakes) -> Option<T> {
    let found = match value.get_ref() {
        DeValue::String(_) => "a string".to_owned(),
        DeValue::Integer(_) => "a whole number".to_owned(),
        DeValue::Float(_) => "a number".to_owned(),
        DeValue::Boolean(is) => format!("`{is}`"),
        DeValue::Datetime(_) => "a date or time without quotes".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    };
    to.wrong(Code::WrongType, value.span(), found, expected);
    None
}

/// A string; `like` says what it should hold.
pub(super) fn string<'d>(
    value: &'d Value<'d>,
    like: &str,
    to: &mut Mistakes,
) -> Option<Spanned<&'d str>> {
    match value.get_ref() {
        DeValue::String(text) => Some(Spanned::new(value.span(), text.as_ref())),
        _ => wrong_type(value, like, to),
    }
}

/// A list of anything.
pub(super) fn list<'d>(value: &'d Value<'d>, like: &str, to: &mut Mistakes) -> Vec<&'d Value<'d>> {
    match value.get_ref() {
        DeValue::Array(values) => values.iter().collect(),
        _ => wrong_type(value, &format!("a list such as `{like}`"), to).unwrap_or_default(),
    }
}

/// A list of strings.
pub(super) fn strings<'d>(
    value: &'d Value<'d>,
    like: &str,
    to: &mut Mistakes,
) -> Vec<Spanned<&'d str>> {
    list(value, like, to).into_iter().filter_map(|value| string(value, "a string", to)).collect()
}

/// A name that can be shown and referred to: not blank, nothing invisible in it.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text == text.trim() && !text.chars().any(char::is_control)
}

/// A string that is a name.
pub(super) fn name<'d>(value: &'d Value<'d>, to: &mut Mistakes) -> Option<Spanned<&'d str>> {
    let text = string(value, "a name in quotes", to)?;
    if is_name(text.get_ref()) {
        return Some(text);
    }
    bad_name(text.get_ref(), text.span(), to);
    None
}

pub(super) fn bad_name(text: &str, at: std::ops::Range<usize>, to: &mut Mistakes) {
    let found = format!("`{}` is no name", text.escape_debug());
    to.wrong(Code::BadName, at, found, "letters, without blanks at the ends or line breaks");
}

/// `true` or `false`.
pub(super) fn flag(value: &Value<'_>, to: &mut Mistakes) -> Option<bool> {
    match value.get_ref() {
        DeValue::Boolean(is) => Some(*is),
        _ => wrong_type(value, "`true` or `false`", to),
    }
}

/// A duration of any kind.
pub(super) fn duration(value: &Value<'_>, to: &mut Mistakes) -> Option<Spanned<Duration>> {
    let text = string(value, "a duration such as `\"10 min\"`", to)?;
    match text.get_ref().parse() {
        Ok(duration) => Some(Spanned::new(text.span(), duration)),
        Err(why) => {
            let found = format!("`{}` is no duration: {why}", text.get_ref().escape_debug());
            to.wrong(Code::BadDuration, text.span(), found, "one such as `10 min` or `1 h 30 min`");
            None
        }
    }
}

/// A duration of natural time, longer than nothing, in milliseconds.
pub(super) fn natural_ms(value: &Value<'_>, to: &mut Mistakes) -> Option<Spanned<u64>> {
    let lasts = duration(value, to)?;
    match *lasts.get_ref() {
        Duration::Natural { ms } if ms > 0 => Some(Spanned::new(lasts.span(), ms)),
        other => {
            let found = format!("`{other}` does not fit here");
            let expected = "minutes or hours that always run, more than none";
            to.wrong(Code::BadDuration, lasts.span(), found, expected);
            None
        }
    }
}

/// A share of at most the whole.
pub(super) fn share(value: &Value<'_>, to: &mut Mistakes) -> Option<Spanned<Share>> {
    let text = string(value, "a share such as `\"90 %\"`", to)?;
    let found = match text.get_ref().parse::<Share>() {
        Ok(share) if share <= Share::WHOLE => return Some(Spanned::new(text.span(), share)),
        Ok(share) => format!("`{share}` is more than the whole"),
        Err(why) => format!("`{}` is no share: {why}", text.get_ref().escape_debug()),
    };
    to.wrong(Code::BadShare, text.span(), found, "`0 %` to `100 %`");
    None
}

/// A span of the day.
pub(super) fn span(value: &Value<'_>, to: &mut Mistakes) -> Option<Spanned<Span>> {
    let text = string(value, "a span such as `\"09:00-12:00\"`", to)?;
    match text.get_ref().parse() {
        Ok(span) => Some(Spanned::new(text.span(), span)),
        Err(why) => {
            let found = format!("`{}` is no span of the day: {why}", text.get_ref().escape_debug());
            to.wrong(Code::BadTime, text.span(), found, "one such as `09:00-12:00`");
            None
        }
    }
}

/// A time of day in milliseconds, written as a key.
pub(super) fn time_ms(text: &Spanned<&str>, to: &mut Mistakes) -> Option<u64> {
    match time_of_day_ms(text.get_ref()) {
        Ok(ms) => Some(ms),
        Err(why) => {
            let found = format!("`{}` is no time of day: {why}", text.get_ref().escape_debug());
            to.wrong(Code::BadTime, text.span(), found, "one such as `\"09:30\"`");
            None
        }
    }
}

/// A number from 0 up to a thousand million.
pub(super) fn number(value: &Value<'_>, like: &str, to: &mut Mistakes) -> Option<Spanned<f64>> {
    let number = match value.get_ref() {
        DeValue::Integer(_) => whole(value).map(|whole| whole as f64),
        DeValue::Float(float) => float.as_str().parse().ok(),
        _ => return wrong_type(value, like, to),
    };
    if let Some(number) = number.filter(|number| (0.0..=1e9).contains(number)) {
        return Some(Spanned::new(value.span(), number));
    }
    to.wrong(
        Code::BadNumber,
        value.span(),
        "a number out of range",
        format!("{like}, not below 0"),
    );
    None
}

/// A whole number within `range`.
pub(super) fn count(
    value: &Value<'_>,
    range: RangeInclusive<u32>,
    to: &mut Mistakes,
) -> Option<u32> {
    let expected = format!("a whole number from {} to {}", range.start(), range.end());
    let DeValue::Integer(written) = value.get_ref() else {
        return wrong_type(value, &expected, to);
    };
    let count = whole(value).and_then(|whole| u32::try_from(whole).ok());
    if count.is_none_or(|count| !range.contains(&count)) {
        to.wrong(Code::BadNumber, value.span(), format!("`{written}` is out of range"), expected);
        return None;
    }
    count
}

/// The nearest whole number of milliseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
pub(super) fn whole_ms(ms: f64) -> u64 {
    ms.round() as u64
}

fn whole(value: &Value<'_>) -> Option<i64> {
    match value.get_ref() {
        DeValue::Integer(whole) => i64::from_str_radix(whole.as_str(), whole.radix()).ok(),
        _ => None,
    }
}

/// One of a few words, each with what it means.
pub(super) fn word<T: Copy>(
    value: &Value<'_>,
    words: &[(&str, T)],
    to: &mut Mistakes,
) -> Option<T> {
    let known = || words.iter().map(|&(word, _)| word);
    let written = string(value, &one_of(known()), to)?;
    let found = words.iter().find(|(word, _)| word == written.get_ref());
    if found.is_none() {
        let message = format!("`{}` means nothing here", written.get_ref().escape_debug());
        to.wrong(Code::BadWord, written.span(), message, one_of(known()))
            .did_you_mean(written.get_ref(), known());
    }
    found.map(|&(_, meaning)| meaning)
}

/// A list of words for a message, cut where it gets long.
pub(super) fn one_of<'k>(known: impl Iterator<Item = &'k str>) -> String {
    const MOST: usize = 12;
    let known: Vec<_> = known.map(|word| format!("`{word}`")).collect();
    match known.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [all @ .., last] if all.len() < MOST => format!("{} or {last}", all.join(", ")),
        _ => format!("{} or {} others", known[..MOST].join(", "), known.len() - MOST),
    }
}
