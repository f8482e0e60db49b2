//! The lexer.

use super::FilterError;
use super::ast::ComparisonOp;

/// A token with its byte range.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// Words, numbers and keys.
    Bare(String),
    /// The quote, and the text between quotes.
    Quoted(char, String),
    Operator(ComparisonOp),
    OpenParen,
    CloseParen,
    Comma,
}

impl Token {
    /// Whether it is a keyword, ignoring case.
    pub(super) fn is_keyword(&self, word: &str) -> bool {
        matches!(&self.kind, TokenKind::Bare(text) if text.eq_ignore_ascii_case(word))
    }
}

/// Splits text into tokens.
pub(super) fn tokenize(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, length) = next_token(&text[at..], first).map_err(|message| FilterError {
            message,
            offset: at,
        })?;
        tokens.push(Token {
            kind,
            start: at,
            end: at + length,
        });
        at += length;
    }
    Ok(tokens)
}

fn next_token(rest: &str, first: char) -> Result<(TokenKind, usize), String> {
    match first {
        '(' => Ok((TokenKind::OpenParen, 1)),
        ')' => Ok((TokenKind::CloseParen, 1)),
        ',' => Ok((TokenKind::Comma, 1)),
        '=' | '<' | '>' | '!' => lex_operator(rest),
        '`' => lex_backtick_quoted(rest),
        '\'' | '"' => lex_quoted(rest, first),
        _ => {
            let length = rest
                .find(|c: char| c.is_whitespace() || "()=<>!,'\"`".contains(c))
                .unwrap_or(rest.len());
            Ok((TokenKind::Bare(rest[..length].to_owned()), length))
        }
    }
}

fn lex_operator(rest: &str) -> Result<(TokenKind, usize), String> {
    let length = rest.find(|c| !"=<>!".contains(c)).unwrap_or(rest.len());
    let text = &rest[..length];
    if let Some(comparison) = ComparisonOp::ALL
        .into_iter()
        .find(|comparison| comparison.as_str() == text)
    {
        return Ok((TokenKind::Operator(comparison), length));
    }
    Err(match text {
        "==" | "===" => "unknown operator; use = for equality".to_owned(),
        "<>" | "!" | "!==" => "unknown operator; use != for inequality".to_owned(),
        "=<" => "unknown operator; did you mean <=?".to_owned(),
        "=>" => "unknown operator; did you mean >=?".to_owned(),
        _ => format!("unknown operator {text}; expected = != < <= > or >="),
    })
}

/// Text in back-ticks; a doubled one is one back-tick.
fn lex_backtick_quoted(rest: &str) -> Result<(TokenKind, usize), String> {
    let mut text = String::new();
    let mut inside = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = inside.next() {
        if c == '`' && inside.next_if(|(_, next)| *next == '`').is_none() {
            return Ok((TokenKind::Quoted('`', text), at + 1));
        }
        text.push(c);
    }
    Err("missing closing `".to_owned())
}

/// Text in quotes, whose end is found as MLflow's parser does: a doubled quote, or one after a backslash, ends the text only if no other
/// quote follows. The text is unchanged.
fn lex_quoted(rest: &str, quote: char) -> Result<(TokenKind, usize), String> {
    let mut fallback_end = None;
    let mut inside = rest.char_indices().skip(1).peekable();
    let mut end = None;
    while let Some((at, c)) = inside.next() {
        if c == '\\' {
            fallback_end = inside
                .next_if(|(_, next)| *next == quote)
                .map(|(at, _)| at)
                .or(fallback_end);
        } else if c == quote {
            if inside.next_if(|(_, next)| *next == quote).is_none() {
                end = Some(at);
                break;
            }
            fallback_end = Some(at);
        }
    }
    let end = end
        .or(fallback_end)
        .ok_or_else(|| format!("missing closing {quote}"))?;
    Ok((TokenKind::Quoted(quote, rest[1..end].to_owned()), end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind> {
        tokenize(text)
            .unwrap()
            .into_iter()
            .map(|token| token.kind)
            .collect()
    }

    fn quoted_token(quote: char, text: &str) -> TokenKind {
        TokenKind::Quoted(quote, text.to_owned())
    }

    #[test]
    fn tokens_have_byte_spans() {
        let all = tokenize("metrics.`val acc`>=-1e-3").unwrap();
        let spans: Vec<(usize, usize)> = all.iter().map(|token| (token.start, token.end)).collect();
        assert_eq!(spans, [(0, 8), (8, 17), (17, 19), (19, 24)]);
        assert_eq!(all[1].kind, quoted_token('`', "val acc"));
    }

    #[test]
    fn quotes_end_as_in_mlflow() {
        assert_eq!(kinds("''"), [quoted_token('\'', "")]);
        assert_eq!(kinds("'it''s'"), [quoted_token('\'', "it''s")]);
        assert_eq!(kinds(r"'a\'b'"), [quoted_token('\'', r"a\'b")]);
        assert_eq!(kinds(r"'C:\'"), [quoted_token('\'', r"C:\")]);
        assert_eq!(kinds(r#""it's""#), [quoted_token('"', "it's")]);
        assert_eq!(kinds("`a``b`"), [quoted_token('`', "a`b")]);
    }

    #[test]
    fn wrong_operators_suggest_the_right_one() {
        for (text, hint) in [
            ("a == 1", "use ="),
            ("a <> 1", "!="),
            ("a => 1", ">="),
            ("a =! 1", "unknown operator"),
            ("'a", "closing '"),
        ] {
            let error = tokenize(text).unwrap_err();
            assert!(error.message.contains(hint), "{text}: {error}");
        }
    }
}
