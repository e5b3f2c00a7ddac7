//! Groups the values of each parameter. Clients write lists in four equivalent ways:
//! with commas, by repetition, and with `[]` or `[N]` at the end of the name.

use super::name::{Name, canonical};

/// One parameter with its values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameter<'a> {
    /// The name as it was first sent.
    pub(super) sent_name: &'a str,
    /// The name without its list suffix.
    pub(super) name: &'a str,
    pub(super) values: Vec<&'a str>,
    /// Whether each value was sent separately: commas are part of the values.
    pub(super) has_separate_values: bool,
    /// The numbers in the list suffixes.
    numbers: Vec<u64>,
}

impl Parameter<'_> {
    /// All values joined with commas, for parameters whose values contain none.
    pub(super) fn joined(&self) -> String {
        let mut values: Vec<_> = self.values.iter().enumerate().collect();
        if self.numbers.len() == self.values.len() {
            values.sort_by_key(|(place, _)| self.numbers.get(*place));
        }
        let only = self.values.len() == 1;
        let sent = values.into_iter().map(|(_, value)| *value);
        let sent = sent.filter(|value| only || !value.is_empty());
        sent.collect::<Vec<_>>().join(",")
    }
}

/// Groups parameters in the order of their first occurrence. Names that may not be
/// repeated are added to `repeated`.
pub(super) fn group_parameters<'a>(
    sent: &'a [(String, String)],
    extras: &[&str],
    repeated: &mut Vec<&'a str>,
) -> Vec<Parameter<'a>> {
    let mut all: Vec<Parameter<'a>> = Vec::with_capacity(sent.len());
    for (parameter, value) in sent {
        let syntax = match extras.contains(&parameter.as_str()) {
            true => ListSyntax::scalar(parameter),
            false => ListSyntax::of(parameter),
        };
        let same =
            |parameter: &&mut Parameter<'a>| canonical(parameter.name) == canonical(syntax.name);
        let Some(known) = all.iter_mut().find(same) else {
            all.push(Parameter {
                sent_name: parameter,
                name: syntax.name,
                values: vec![value],
                has_separate_values: syntax.end.is_some(),
                numbers: syntax.number().into_iter().collect(),
            });
            continue;
        };
        let number = syntax.number();
        if !syntax.takes_lists || number.is_some_and(|number| known.numbers.contains(&number)) {
            repeated.push(parameter);
            continue;
        }
        known.values.push(value);
        known.numbers.extend(number);
        known.has_separate_values = true;
    }
    all
}

/// A parameter name split into name and list suffix.
struct ListSyntax<'a> {
    name: &'a str,
    /// The content of the list suffix: empty or a number.
    end: Option<&'a str>,
    takes_lists: bool,
}

impl<'a> ListSyntax<'a> {
    fn scalar(name: &'a str) -> Self {
        Self {
            name,
            end: None,
            takes_lists: false,
        }
    }

    fn of(parameter: &'a str) -> Self {
        let Some(name) = Name::parse(parameter) else {
            return Self::scalar(parameter);
        };
        let mut members = name.members.as_slice();
        if name.base == "filter" {
            // Group numbers are not list suffixes.
            while let ["or", _, rest @ ..] = members {
                members = rest;
            }
        }
        let least = match name.base {
            "include" | "sort" => 0,
            "fields" | "filter" => 1,
            _ => return Self::scalar(parameter),
        };
        let end = match members.split_last() {
            Some((end, rest)) if rest.len() >= least && is_end(end) => {
                members = rest;
                Some(*end)
            }
            _ => None,
        };
        let name_length = match end {
            Some(end) => parameter.len() - end.len() - "[]".len(),
            None => parameter.len(),
        };
        Self {
            name: parameter.get(..name_length).unwrap_or(parameter),
            end,
            takes_lists: match (name.base, members) {
                ("include" | "sort", []) | ("fields" | "filter", [_]) => true,
                ("filter", [_, operator]) => matches!(*operator, "in" | "nin"),
                _ => false,
            },
        }
    }

    fn number(&self) -> Option<u64> {
        self.end.and_then(|end| end.parse().ok())
    }
}

fn is_end(member: &str) -> bool {
    member.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Values<'a> = (&'a str, Vec<&'a str>, bool);

    fn gathered(sent: &[(&str, &str)], test: impl FnOnce(Vec<Values<'_>>, Vec<&str>)) {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let sent: Vec<_> = sent.iter().map(owned).collect();
        let mut repeated = Vec::new();
        let all = group_parameters(&sent, &["q"], &mut repeated);
        let all = all.into_iter().map(|parameter| {
            (
                parameter.name,
                parameter.values,
                parameter.has_separate_values,
            )
        });
        test(all.collect(), repeated);
    }

    #[test]
    fn four_spellings_are_one_parameter() {
        for name in [
            "include",
            "sort",
            "fields[users]",
            "filter[name]",
            "filter[name][in]",
            "filter[name][nin]",
            "filter[or][0][name]",
            "filter[or][1][or][2][name][in]",
        ] {
            let (brackets, first, second) = (
                format!("{name}[]"),
                format!("{name}[0]"),
                format!("{name}[1]"),
            );
            for sent in [
                [(name, "a"), (name, "b")],
                [(brackets.as_str(), "a"), (brackets.as_str(), "b")],
                [(first.as_str(), "a"), (second.as_str(), "b")],
                [(name, "a"), (brackets.as_str(), "b")],
            ] {
                gathered(&sent, |all, repeated| {
                    assert_eq!(all, [(name, vec!["a", "b"], true)], "{sent:?}");
                    assert!(repeated.is_empty());
                });
            }
            gathered(&[(name, "a,b")], |all, _| {
                assert_eq!(all, [(name, vec!["a,b"], false)]);
            });
        }
    }

    #[test]
    fn what_takes_one_value_is_given_once() {
        for name in [
            "page[size]",
            "q",
            "foo",
            "filter[name][lt]",
            "filter[name][eq]",
        ] {
            gathered(&[(name, "1"), (name, "2")], |all, repeated| {
                assert_eq!(all, [(name, vec!["1"], false)]);
                assert_eq!(repeated, [name]);
            });
        }
        gathered(&[("sort[0]", "a"), ("sort[0]", "b")], |_, repeated| {
            assert_eq!(repeated, ["sort[0]"]);
        });
        gathered(&[("page", "1"), ("page[number]", "2")], |_, repeated| {
            assert_eq!(repeated, ["page[number]"]);
        });
    }

    #[test]
    fn numbers_of_groups_stay_what_they_are() {
        for name in ["filter[or][0]", "filter[or][0][name]", "fields[]", "page[]"] {
            gathered(&[(name, "a")], |all, _| assert_eq!(all[0].0, name));
        }
    }

    #[test]
    fn numbers_give_the_order_where_there_is_one() {
        let sent = [("sort[1]", "b"), ("sort[10]", "c"), ("sort[0]", "a")];
        let sent = sent.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let all = group_parameters(&sent, &[], &mut Vec::new());
        assert_eq!(all[0].joined(), "a,b,c");
    }
}
