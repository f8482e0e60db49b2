//! A parser of Python literals, as `repr` prints lists, tuples and dicts.

use serde_json::{Map, Number, Value};

use crate::analysis::decimal::unwrap_scalar;

/// Deeper structures are rejected.
const MAX_DEPTH: usize = 32;

/// Parses `{'a': 1, 'b': (1, None)}`. Tuples and sets become lists, keys become strings.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut parser = LiteralParser { rest: text };
    let value = parser.parse_value(0)?;
    parser.skip_whitespace();
    parser.rest.is_empty().then_some(value)
}

struct LiteralParser<'a> {
    rest: &'a str,
}

impl LiteralParser<'_> {
    fn skip_whitespace(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, sign: char) -> bool {
        self.skip_whitespace();
        let stripped = self.rest.strip_prefix(sign);
        self.rest = stripped.unwrap_or(self.rest);
        stripped.is_some()
    }

    fn parse_value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.skip_whitespace();
        match self.rest.chars().next()? {
            '[' => self.parse_list('[', ']', depth),
            '(' => self.parse_list('(', ')', depth),
            '{' => self.parse_map(depth),
            '\'' | '"' => self.parse_string().map(Value::String),
            _ => self.parse_word(),
        }
    }

    fn parse_list(&mut self, open: char, close: char, depth: usize) -> Option<Value> {
        self.eat(open);
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.parse_value(depth + 1)?);
            if !self.eat(',') {
                return self.eat(close).then_some(Value::Array(items));
            }
        }
        Some(Value::Array(items))
    }

    /// A dict, or a set, which becomes a list.
    fn parse_map(&mut self, depth: usize) -> Option<Value> {
        self.eat('{');
        let (mut map, mut set) = (Map::new(), Vec::new());
        while !self.eat('}') {
            let key = self.parse_value(depth + 1)?;
            if self.eat(':') {
                let name = if let Value::String(text) = key {
                    text
                } else {
                    key.to_string()
                };
                map.insert(name, self.parse_value(depth + 1)?);
            } else {
                set.push(key);
            }
            if !self.eat(',') {
                if !self.eat('}') {
                    return None;
                }
                break;
            }
        }
        match (map.is_empty(), set.is_empty()) {
            (_, true) => Some(Value::Object(map)),
            (true, false) => Some(Value::Array(set)),
            (false, false) => None,
        }
    }

    fn parse_string(&mut self) -> Option<String> {
        let quote = self.rest.chars().next()?;
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    other => text.push(other),
                },
                c if c == quote => {
                    self.rest = &self.rest[at + c.len_utf8()..];
                    return Some(text);
                }
                c => text.push(c),
            }
        }
        None
    }

    /// `None`, `True`, `False`, a number, also as `np.float64(0.1)`, or an object's `repr` (`<class 'int'>`, `Adam(lr=0.1)`), which
    /// becomes a string.
    fn parse_word(&mut self) -> Option<Value> {
        let end = self
            .rest
            .find([',', ':', ']', ')', '}'])
            .unwrap_or(self.rest.len());
        let end = match self.rest.get(..end)?.find('(') {
            Some(open) => end_of_call(self.rest, open)?,
            None => end,
        };
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        let word = unwrap_scalar(word.trim());
        Some(match word {
            "" => return None,
            "None" => Value::Null,
            "True" | "np.True_" => Value::Bool(true),
            "False" | "np.False_" => Value::Bool(false),
            _ => match word.parse::<i64>() {
                Ok(whole) => Value::Number(whole.into()),
                Err(_) => word
                    .parse()
                    .ok()
                    .and_then(Number::from_f64)
                    .map_or_else(|| Value::String(word.to_owned()), Value::Number),
            },
        })
    }
}

/// The end of a call whose parenthesis opens at `open`.
fn end_of_call(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.get(open..)?.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(open + at + 1);
        }
    }
    None
}
