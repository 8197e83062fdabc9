use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Where an address is and whose it is, as the operator's databases have it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// ISO 3166-1 alpha-2 code, as in `DE`.
    pub country_code: Option<Box<str>>,
    /// English name of the country.
    pub country: Option<Box<str>>,
    /// English name of the city.
    pub city: Option<Box<str>>,
    /// Latitude and longitude in degrees (WGS 84).
    pub location: Option<(f64, f64)>,
    /// Number of the autonomous system.
    pub as_number: Option<u32>,
    /// Its organisation.
    pub as_organisation: Option<Box<str>>,
}

impl Place {
    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// ECS `source.geo`; none where empty.
    pub(super) fn geo(&self) -> Option<Value> {
        let mut geo = Map::new();
        let texts = [
            ("country_iso_code", &self.country_code),
            ("country_name", &self.country),
            ("city_name", &self.city),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                geo.insert(name.into(), Value::from(&**text));
            }
        }
        if let Some((latitude, longitude)) = self.location {
            geo.insert("location".into(), json!({ "lat": latitude, "lon": longitude }));
        }
        (!geo.is_empty()).then_some(Value::Object(geo))
    }

    /// ECS `source.as`; none where empty.
    pub(super) fn autonomous_system(&self) -> Option<Value> {
        let mut system = Map::new();
        if let Some(number) = self.as_number {
            system.insert("number".into(), number.into());
        }
        if let Some(organisation) = &self.as_organisation {
            system.insert("organization".into(), json!({ "name": organisation }));
        }
        (!system.is_empty()).then_some(Value::Object(system))
    }

    /// Reads them back from a document.
    pub(super) fn of_document(document: &Value) -> Option<Self> {
        let source = document.get("source")?;
        let text = |pointer| source.pointer(pointer).and_then(Value::as_str).map(Box::from);
        let degrees = |pointer| source.pointer(pointer).and_then(Value::as_f64);
        let place = Self {
            country_code: text("/geo/country_iso_code"),
            country: text("/geo/country_name"),
            city: text("/geo/city_name"),
            location: degrees("/geo/location/lat").zip(degrees("/geo/location/lon")),
            as_number: source
                .pointer("/as/number")
                .and_then(Value::as_u64)
                .and_then(|n| u32::try_from(n).ok()),
            as_organisation: text("/as/organization/name"),
        };
        (!place.is_unknown()).then_some(place)
    }
}
