//! The query: a list without repeated names.
//!
//! Lists and objects are in [`parameter`](super::parameter).

use percent_encoding::utf8_percent_encode;

use super::{
    parameter::{Style, Texts, in_query, names_in_query, refuse_shared},
    percent::RESERVED,
};

/// Query parameters in the order of their first setting.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    parameters: Vec<Parameter>,
    /// The names of parameters in the contract, set or not: no key of an object may be one of them.
    reserved: Vec<&'static str>,
}

#[derive(Debug, Clone)]
struct Parameter {
    name: String,
    /// The names in the query. They differ from `name` if the value is an exploded object.
    sent: Vec<String>,
    /// Names and values, encoded.
    text: String,
}

impl Query {
    /// Sets one value and replaces earlier values of the name.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let text = format!(
            "{}={}",
            utf8_percent_encode(name, RESERVED),
            utf8_percent_encode(value, RESERVED)
        );
        self.put(name, Some((vec![name.to_owned()], text)));
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
        let text = in_query(name, style, texts)?;
        self.put(
            name,
            text.map(|text| (names_in_query(name, style, texts), text)),
        );
        Ok(())
    }

    /// Removes a name with all its values.
    pub(crate) fn remove(&mut self, name: &str) {
        self.put(name, None);
    }

    /// Reserves names: an object with such a key is refused, even if no parameter of this name is set.
    pub(crate) fn reserve(&mut self, names: &'static [&'static str]) {
        let unknown = names.iter().filter(|name| !self.reserved.contains(name));
        let unknown: Vec<&str> = unknown.copied().collect();
        self.reserved.extend(unknown);
    }

    fn put(&mut self, name: &str, value: Option<(Vec<String>, String)>) {
        let Some((sent, text)) = value else {
            self.parameters.retain(|known| known.name != name);
            return;
        };
        let name = name.to_owned();
        let parameter = Parameter { name, sent, text };
        let mut known = self.parameters.iter_mut();
        match known.find(|known| known.name == parameter.name) {
            Some(known) => *known = parameter,
            None => self.parameters.push(parameter),
        }
    }

    /// The encoded query, or nothing if no parameter is set.
    ///
    /// # Errors
    /// Returns an error if the key of an object is the name of another parameter, or the key of another object.
    pub(crate) fn encode(&self) -> Result<Option<String>, String> {
        if self.parameters.is_empty() {
            return Ok(None);
        }
        let names = self.parameters.iter().flat_map(|known| {
            let sent = known.sent.iter().map(String::as_str);
            sent.map(|name| (known.name.as_str(), name))
        });
        let reserved = self.reserved.iter().map(|name| (*name, *name));
        refuse_shared(names.chain(reserved))
            .map_err(|problem| format!("in the query, {problem}"))?;
        let parts: Vec<&str> = self
            .parameters
            .iter()
            .map(|known| known.text.as_str())
            .collect();
        Ok(Some(parts.join("&")))
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
        assert_eq!(query.encode().unwrap().unwrap(), "a=3&b=2");
        query.remove("a");
        assert_eq!(query.encode().unwrap().unwrap(), "b=2");
        let (style, none) = (Style::Form { explode: false }, Texts::List(Vec::new()));
        query.set_styled("b", style, &none).unwrap();
        assert_eq!(query.encode(), Ok(None));
    }

    #[test]
    fn any_text_survives_the_url() {
        let mut query = Query::default();
        let text = "a b+c&d=e#f?g/h%20é\n";
        query.set("n[0]", text);
        let mut url = Url::parse("https://h.test/").unwrap();
        url.set_query(query.encode().unwrap().as_deref());
        let pairs: Vec<_> = url.query_pairs().collect();
        assert_eq!(pairs, [("n[0]".into(), text.into())]);
        assert_eq!(url.fragment(), None);
    }

    #[test]
    fn an_object_whose_key_is_another_parameter_is_refused_in_any_order() {
        let exploded = Style::Form { explode: true };
        let pairs = |keys: &[&str]| {
            let pairs = keys.iter().map(|key| ((*key).to_owned(), "v".to_owned()));
            Texts::Pairs(pairs.collect())
        };
        let list = Texts::List(vec!["1".to_owned(), "2".to_owned()]);
        for (style, key, other) in [(exploded, "a", "a"), (Style::Deep, "a", "o[a]")] {
            let mut query = Query::default();
            query.set_styled("o", style, &pairs(&["b", key])).unwrap();
            assert!(query.encode().is_ok());
            query.set_styled(other, exploded, &list).unwrap();
            let error = query.encode().unwrap_err();
            assert!(error.contains(&format!("`{other}`")), "{error}");
            // Accepted after the other one is removed, and refused if the other one is set first.
            query.remove(other);
            assert!(query.encode().is_ok());
            let mut query = Query::default();
            query.set(other, "1");
            query.set_styled("o", style, &pairs(&[key])).unwrap();
            assert!(query.encode().is_err());
            query.set_styled("o", style, &pairs(&["c"])).unwrap();
            assert!(query.encode().is_ok());
        }
        let mut query = Query::default();
        query
            .set_styled("o", exploded, &pairs(&["a", "a"]))
            .unwrap();
        let twice = query.encode().unwrap();
        assert_eq!(twice.as_deref(), Some("a=v&a=v"), "a key twice");
        query
            .set_styled("o", exploded, &pairs(&["o", "a"]))
            .unwrap();
        query.set_styled("p", exploded, &pairs(&["A"])).unwrap();
        assert!(query.encode().is_ok(), "its own name, and another case");
        query.set_styled("p", exploded, &pairs(&["a"])).unwrap();
        assert!(query.encode().is_err(), "two objects");
        query
            .set_styled("p", Style::Form { explode: false }, &pairs(&["a"]))
            .unwrap();
        assert!(query.encode().is_ok(), "not exploded");
    }
}
