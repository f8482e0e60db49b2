//! From text to tokens.

use super::FilterError;
use super::tree::Comparison;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) at: usize,
    pub(super) end: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A run of characters without a meaning of their own: words, numbers, keys.
    Bare(String),
    /// Text between quotes, and which quote.
    Quoted(char, String),
    Operator(Comparison),
    Open,
    Close,
    Comma,
}

impl Token {
    /// Whether it is this keyword, in any case.
    pub(super) fn is_keyword(&self, word: &str) -> bool {
        matches!(&self.kind, TokenKind::Bare(text) if text.eq_ignore_ascii_case(word))
    }
}

/// Splits text into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, length) =
            token(&text[at..], first).map_err(|message| FilterError { message, at })?;
        tokens.push(Token {
            kind,
            at,
            end: at + length,
        });
        at += length;
    }
    Ok(tokens)
}

fn token(rest: &str, first: char) -> Result<(TokenKind, usize), String> {
    match first {
        '(' => Ok((TokenKind::Open, 1)),
        ')' => Ok((TokenKind::Close, 1)),
        ',' => Ok((TokenKind::Comma, 1)),
        '=' | '<' | '>' | '!' => operator(rest),
        '`' => back_ticked(rest),
        '\'' | '"' => quoted(rest, first),
        _ => {
            let length = rest
                .find(|c: char| c.is_whitespace() || "()=<>!,'\"`".contains(c))
                .unwrap_or(rest.len());
            Ok((TokenKind::Bare(rest[..length].to_owned()), length))
        }
    }
}

fn operator(rest: &str) -> Result<(TokenKind, usize), String> {
    let length = rest.find(|c| !"=<>!".contains(c)).unwrap_or(rest.len());
    let text = &rest[..length];
    if let Some(comparison) = Comparison::ALL
        .into_iter()
        .find(|comparison| comparison.as_str() == text)
    {
        return Ok((TokenKind::Operator(comparison), length));
    }
    Err(match text {
        "==" | "===" => "for equality write one =".to_owned(),
        "<>" | "!" | "!==" => "for inequality write !=".to_owned(),
        "=<" => "write <=".to_owned(),
        "=>" => "write >=".to_owned(),
        _ => format!("{text} is no comparison; there are = != < <= > >="),
    })
}

/// Text in back-ticks; a doubled one stands for itself.
fn back_ticked(rest: &str) -> Result<(TokenKind, usize), String> {
    let mut text = String::new();
    let mut inside = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = inside.next() {
        if c == '`' && inside.next_if(|(_, next)| *next == '`').is_none() {
            return Ok((TokenKind::Quoted('`', text), at + 1));
        }
        text.push(c);
    }
    Err("the closing ` is missing".to_owned())
}

/// Text in quotes, as MLflow's parser finds its end: a doubled quote, or one after a backslash, is passed over, unless
/// no other quote follows to end the text. What is between the quotes is the text, unchanged.
fn quoted(rest: &str, quote: char) -> Result<(TokenKind, usize), String> {
    let mut last_resort = None;
    let mut inside = rest.char_indices().skip(1).peekable();
    let mut end = None;
    while let Some((at, c)) = inside.next() {
        if c == '\\' {
            last_resort = inside
                .next_if(|(_, next)| *next == quote)
                .map(|(at, _)| at)
                .or(last_resort);
        } else if c == quote {
            if inside.next_if(|(_, next)| *next == quote).is_none() {
                end = Some(at);
                break;
            }
            last_resort = Some(at);
        }
    }
    let end = end
        .or(last_resort)
        .ok_or_else(|| format!("the closing {quote} is missing"))?;
    Ok((TokenKind::Quoted(quote, rest[1..end].to_owned()), end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind> {
        tokens(text)
            .unwrap()
            .into_iter()
            .map(|token| token.kind)
            .collect()
    }

    fn quoted(quote: char, text: &str) -> TokenKind {
        TokenKind::Quoted(quote, text.to_owned())
    }

    #[test]
    fn tokens_know_where_they_stand() {
        let all = tokens("metrics.`val acc`>=-1e-3").unwrap();
        let spans: Vec<(usize, usize)> = all.iter().map(|token| (token.at, token.end)).collect();
        assert_eq!(spans, [(0, 8), (8, 17), (17, 19), (19, 24)]);
        assert_eq!(all[1].kind, quoted('`', "val acc"));
    }

    #[test]
    fn quotes_end_where_mlflow_ends_them() {
        assert_eq!(kinds("''"), [quoted('\'', "")]);
        assert_eq!(kinds("'it''s'"), [quoted('\'', "it''s")]);
        assert_eq!(kinds(r"'a\'b'"), [quoted('\'', r"a\'b")]);
        assert_eq!(kinds(r"'C:\'"), [quoted('\'', r"C:\")]);
        assert_eq!(kinds(r#""it's""#), [quoted('"', "it's")]);
        assert_eq!(kinds("`a``b`"), [quoted('`', "a`b")]);
    }

    #[test]
    fn a_wrong_operator_is_told_the_right_one() {
        for (text, hint) in [
            ("a == 1", "one ="),
            ("a <> 1", "!="),
            ("a => 1", ">="),
            ("a =! 1", "no comparison"),
            ("'a", "closing '"),
        ] {
            let error = tokens(text).unwrap_err();
            assert!(error.message.contains(hint), "{text}: {error}");
        }
    }
}
