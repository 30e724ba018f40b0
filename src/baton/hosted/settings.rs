//! The flags that only `lambda` has (`baton/config/published.md 1.2`, `baton/hosted/facts.md 1`), and the variables
//! that are none of a flag.

use crate::baton::config::Field;
use crate::baton::config::kit::{CONNECTION, SERVICE};
use crate::baton::config::setting::{Secret, Setting, Text, settings};

/// Where tokens come from, instead of the host of the client id.
pub const TOKEN_HOST: &str = "BATON_LAMBDA_TOKEN_HOST";
/// Where the configuration comes from, instead of where tokens do.
pub const CONFIGURATION_HOST: &str = "BATON_LAMBDA_CONFIGURATION_HOST";
/// Certificate authorities in PEM form to trust besides the system's, for both.
pub const CA_CERT_PATH: &str = "BATON_LAMBDA_CA_CERT_PATH";

/// The fields.
pub static FIELDS: &[Field] = &[
    Field::text("lambda-client-id", "Client id that ConductorOne gave this function")
        .required()
        .under(CONNECTION),
    Field::text("lambda-client-secret", "Client secret that goes with it")
        .required()
        .secret()
        .under(CONNECTION),
    Field::text(
        "lambda-auth-jwt-signer",
        "Public key of the callers' tokens as a JSON Web Key; either this or a URL",
    )
    .under(SERVICE),
    Field::text(
        "lambda-auth-jwt-jwks-url",
        "Address of the public keys of the callers' tokens (https)",
    )
    .under(SERVICE),
    Field::text("lambda-auth-jwt-expected-issuer", "Issuer of the callers' tokens")
        .required()
        .under(SERVICE),
    Field::text("lambda-auth-jwt-expected-subject", "Subject of the callers' tokens")
        .required()
        .under(SERVICE),
    Field::text("lambda-auth-jwt-expected-audience", "Audience of the callers' tokens")
        .required()
        .under(SERVICE),
];

settings! {
    FIELDS;
    CLIENT_ID: Text = "lambda-client-id";
    CLIENT_SECRET: Secret = "lambda-client-secret";
    SIGNER: Text = "lambda-auth-jwt-signer";
    JWKS_URL: Text = "lambda-auth-jwt-jwks-url";
    ISSUER: Text = "lambda-auth-jwt-expected-issuer";
    SUBJECT: Text = "lambda-auth-jwt-expected-subject";
    AUDIENCE: Text = "lambda-auth-jwt-expected-audience";
}
