//! The query: a list without repeated names.
//!
//! Lists and objects are in [`parameter`](super::parameter).

use percent_encoding::utf8_percent_encode;

use super::{
    parameter::{Style, Texts, in_query},
    percent::RESERVED,
};

/// Query parameters in the order of their first setting.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Sets one value and replaces earlier values of the name.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let text = format!(
            "{}={}",
            utf8_percent_encode(name, RESERVED),
            utf8_percent_encode(value, RESERVED)
        );
        self.put(name, Some(text));
    }

    /// Sets one value that consists of several texts, and replaces earlier values of the name. An empty list
    /// removes the name.
    ///
    /// # Errors
    /// Returns an error if a text holds the delimiter of the style.
    pub(crate) fn set_styled(
        &mut self,
        name: &str,
        style: Style,
        texts: &Texts,
    ) -> Result<(), String> {
        self.put(name, in_query(name, style, texts)?);
        Ok(())
    }

    /// Removes a name with all its values.
    pub(crate) fn remove(&mut self, name: &str) {
        self.put(name, None);
    }

    fn put(&mut self, name: &str, text: Option<String>) {
        let Some(text) = text else {
            self.0.retain(|(known, _)| known != name);
            return;
        };
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = text,
            None => self.0.push((name.to_owned(), text)),
        }
    }

    /// The encoded query, or nothing if no parameter is set.
    pub(crate) fn encode(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let parts: Vec<&str> = self.0.iter().map(|(_, text)| text.as_str()).collect();
        Some(parts.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Url;

    use super::*;

    #[test]
    fn setting_a_name_again_replaces_it_in_place() {
        let mut query = Query::default();
        query.set("a", "1");
        query.set("b", "2");
        query.set("a", "3");
        assert_eq!(query.encode().unwrap(), "a=3&b=2");
        query.remove("a");
        assert_eq!(query.encode().unwrap(), "b=2");
        let (style, none) = (Style::Form { explode: false }, Texts::List(Vec::new()));
        query.set_styled("b", style, &none).unwrap();
        assert_eq!(query.encode(), None);
    }

    #[test]
    fn any_text_survives_the_url() {
        let mut query = Query::default();
        let text = "a b+c&d=e#f?g/h%20é\n";
        query.set("n[0]", text);
        let mut url = Url::parse("https://h.test/").unwrap();
        url.set_query(query.encode().as_deref());
        let pairs: Vec<_> = url.query_pairs().collect();
        assert_eq!(pairs, [("n[0]".into(), text.into())]);
        assert_eq!(url.fragment(), None);
    }
}
