use std::net::IpAddr;
use std::path::{Path, PathBuf};

use imker_event::ecs::Place;
use maxminddb::{Reader, geoip2};

/// The operator's databases in MaxMind's DB format; none is shipped, and no address is ever asked about elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GeoSettings {
    /// A database of cities, as GeoLite2-City.
    pub city: Option<PathBuf>,
    /// A database of countries, as GeoLite2-Country; where the one of cities knows nothing.
    pub country: Option<PathBuf>,
    /// A database of autonomous systems, as GeoLite2-ASN.
    pub asn: Option<PathBuf>,
}

/// A database cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "{path}: cannot be used as a GeoIP database: {reason} (name one in MaxMind's format, or leave it out of [geoip])"
)]
pub struct GeoError {
    path: PathBuf,
    reason: String,
}

/// Looks up where addresses are.
#[derive(Debug, Default)]
pub struct GeoIp {
    city: Option<Reader<Vec<u8>>>,
    country: Option<Reader<Vec<u8>>>,
    asn: Option<Reader<Vec<u8>>>,
}

impl GeoIp {
    /// Reads the databases into memory.
    ///
    /// # Errors
    /// A file is missing, or no such database.
    pub fn open(settings: &GeoSettings) -> Result<Self, GeoError> {
        let open = |path: &Option<PathBuf>| path.as_deref().map(open).transpose();
        Ok(Self {
            city: open(&settings.city)?,
            country: open(&settings.country)?,
            asn: open(&settings.asn)?,
        })
    }

    /// What the databases say; none where they know nothing of the address.
    pub fn place(&self, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let mut place = Place::default();
        if let Some(found) = self
            .city
            .as_ref()
            .and_then(|city| look_up::<geoip2::City<'_>>(city, address))
        {
            place.country_code = found.country.iso_code.map(Into::into);
            place.country = found.country.names.english.map(Into::into);
            place.city = found.city.names.english.map(Into::into);
            place.location = found.location.latitude.zip(found.location.longitude);
        }
        if place.country_code.is_none()
            && let Some(found) = self
                .country
                .as_ref()
                .and_then(|country| look_up::<geoip2::Country<'_>>(country, address))
        {
            place.country_code = found.country.iso_code.map(Into::into);
            place.country = found.country.names.english.map(Into::into);
        }
        if let Some(found) = self
            .asn
            .as_ref()
            .and_then(|asn| look_up::<geoip2::Asn<'_>>(asn, address))
        {
            place.as_number = found.autonomous_system_number;
            place.as_organisation = found.autonomous_system_organization.map(Into::into);
        }
        (!place.is_unknown()).then_some(place)
    }
}

fn open(path: &Path) -> Result<Reader<Vec<u8>>, GeoError> {
    Reader::open_readfile(path).map_err(|error| GeoError {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// A damaged record counts as none: an event matters more than where it came from.
fn look_up<'r, T: serde::Deserialize<'r>>(reader: &'r Reader<Vec<u8>>, address: IpAddr) -> Option<T> {
    reader.lookup(address).ok()?.decode().ok()?
}
