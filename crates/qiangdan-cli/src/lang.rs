//! The language people read: Chinese, or English by `--lang en`.
//!
//! Texts are keyed in one table (`messages`); codes, JSON keys and names of options stay English.

use qiangdan_sim::report::Name;

use crate::messages::MESSAGES;

/// The language of reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub(crate) enum Lang {
    /// 简体中文
    #[default]
    Zh,
    /// English
    En,
}

impl Lang {
    /// The value of an HTML `lang` attribute.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The text of `key`.
    ///
    /// # Panics
    ///
    /// If the table has no such key: a mistake in this crate, found by its tests.
    pub(crate) fn text(self, key: &str) -> &'static str {
        let found = MESSAGES.iter().find(|message| message.0 == key);
        let (_, zh, en) = found.unwrap_or_else(|| panic!("no message `{key}`"));
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// The text of `key` with its `{placeholders}` filled.
    pub(crate) fn fill(self, key: &str, values: &[(&str, &str)]) -> String {
        let mut text = self.text(key).to_owned();
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// What a hall file calls something, in this language.
    pub(crate) fn of(self, text: &qiangdan::hall::Text) -> &str {
        match self {
            Self::Zh => &text.zh,
            Self::En => &text.en,
        }
    }

    /// The name in this language, or in the other one if this one is empty.
    pub(crate) fn name(self, name: &Name) -> &str {
        let (ours, theirs) = match self {
            Self::Zh => (&name.zh, &name.en),
            Self::En => (&name.en, &name.zh),
        };
        if ours.is_empty() { theirs } else { ours }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_falls_back_to_the_other_language() {
        let name = Name { zh: "大厅".into(), en: String::new() };
        assert_eq!(Lang::En.name(&name), "大厅");
    }

    #[test]
    fn placeholders_are_filled() {
        assert_eq!(
            Lang::Zh.fill("target_is", &[("t", "10 分钟"), ("s", "90 %")]),
            "目标：等候不超过 10 分钟的占比 ≥ 90 %"
        );
    }
}
