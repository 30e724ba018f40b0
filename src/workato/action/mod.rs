//! Actions: changes that are neither a grant nor a deletion. Each has a file or stands in the room of its type; here is
//! what they are called and what they take.

mod disconnect;
mod stop_genie;
mod suspend;

use prost_types::Struct;
use prost_types::value::Kind as ValueKind;

use super::api_client::{self, ApiClient, Narrower};
use super::api_key::{self, ApiKey};
use super::collaborator::Collaborator;
use super::connection::Connection;
use super::genie::Genie;
use super::kind::ResourceKind as _;
use super::tables::Tables;
use crate::baton::action::{Arguments, answer, list, value};
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::c1::config::v1 as config;
use crate::baton::proto::c1::config::v1::field::Field as FieldKind;
use crate::baton::proto::v2;
use crate::baton::proto::v2::ActionType;

/// What the argument that names a resource is called.
const ID: &str = "resource_id";
const ROLE: &str = "role_id";
const FOLDERS: &str = "folder_ids";
const ADDRESSES: &str = "ip_allow_list";

struct Action {
    name: &'static str,
    resource_type: &'static str,
    title: &'static str,
    about: &'static str,
    kinds: &'static [ActionType],
    more: &'static [(&'static str, &'static str, bool)],
}

const ACTIONS: &[Action] = &[
    Action {
        name: "stop_genie",
        resource_type: Genie::TYPE,
        title: "Stop a genie",
        about: "Stops an agent at once: nobody can talk to it until somebody starts it in Workato.",
        kinds: &[ActionType::Dynamic, ActionType::ResourceDisable],
        more: &[],
    },
    Action {
        name: "disable_api_key",
        resource_type: ApiKey::TYPE,
        title: "Switch an API key off",
        about: "Programs that use the key are refused until it is switched on again.",
        kinds: &[ActionType::Dynamic, ActionType::ResourceDisable],
        more: &[],
    },
    Action {
        name: "enable_api_key",
        resource_type: ApiKey::TYPE,
        title: "Switch an API key on",
        about: "Programs that have the key are let in again.",
        kinds: &[ActionType::Dynamic, ActionType::ResourceEnable],
        more: &[],
    },
    Action {
        name: "narrow_api_client",
        resource_type: ApiClient::TYPE,
        title: "Narrow an API client",
        about: "Gives a Developer API client another role, fewer folders or fewer addresses. It never gives more folders \
                or addresses.",
        kinds: &[ActionType::Dynamic],
        more: &[
            (ROLE, "Id of the API client role", false),
            (FOLDERS, "Ids of the folders that it still sees", true),
            (ADDRESSES, "Addresses that it may still come from", true),
        ],
    },
    Action {
        name: "disconnect_connection",
        resource_type: Connection::TYPE,
        title: "Disconnect a connection",
        about: "Takes the credentials out of a connection. Recipes that run on it fail until somebody authorises it again.",
        kinds: &[ActionType::Dynamic, ActionType::ResourceDisable],
        more: &[],
    },
    Action {
        name: "suspend_collaborator",
        resource_type: Collaborator::TYPE,
        title: "Suspend a collaborator",
        about: "No access in every environment, out of every group, no direct project grant. The answer holds the commands \
                that give all of it back.",
        kinds: &[ActionType::Dynamic, ActionType::AccountDisable],
        more: &[],
    },
];

/// All actions of a run with these resource types.
pub fn schemas() -> Vec<v2::BatonActionSchema> {
    ACTIONS.iter().map(schema).collect()
}

fn schema(action: &Action) -> v2::BatonActionSchema {
    let resource = config::Field {
        name: ID.to_owned(),
        display_name: "Resource".to_owned(),
        description: format!("Id of the {}", action.resource_type),
        is_required: true,
        field: Some(FieldKind::ResourceIdField(config::ResourceIdField {
            default_value: None,
            rules: Some(config::ResourceIdRules {
                allowed_resource_type_ids: vec![action.resource_type.to_owned()],
            }),
        })),
        ..Default::default()
    };
    let more = action.more.iter().map(|(name, about, several)| config::Field {
        name: (*name).to_owned(),
        display_name: (*about).to_owned(),
        description: (*about).to_owned(),
        field: Some(match several {
            true => FieldKind::StringSliceField(config::StringSliceField::default()),
            false => FieldKind::StringField(config::StringField::default()),
        }),
        ..Default::default()
    });
    let returned = |name: &str, about: &str, field| config::Field {
        name: name.to_owned(),
        display_name: name.to_owned(),
        description: about.to_owned(),
        field: Some(field),
        ..Default::default()
    };
    let texts = || FieldKind::StringSliceField(config::StringSliceField::default());
    v2::BatonActionSchema {
        name: action.name.to_owned(),
        arguments: [resource].into_iter().chain(more).collect(),
        constraints: Vec::new(),
        return_types: vec![
            returned(
                "success",
                "Whether it was done",
                FieldKind::BoolField(config::BoolField::default()),
            ),
            returned("changes", "What changed, one sentence each", texts()),
            returned("undo", "Commands that take it back", texts()),
            returned("not_seen", "Where this program could not look", texts()),
        ],
        display_name: action.title.to_owned(),
        description: action.about.to_owned(),
        action_type: action.kinds.iter().map(|kind| (*kind).into()).collect(),
        resource_type_id: action.resource_type.to_owned(),
    }
}

/// Carries one out; its arguments fit it.
///
/// # Errors
/// `NotFound` for a name that no action has; those of the action.
pub async fn run(t: &Tables, cx: &SyncContext, name: &str, args: Arguments<'_>) -> Result<Struct> {
    let id = args.resource(ID);
    let mut not_seen = Vec::new();
    match name {
        "stop_genie" => stop_genie::run(t, cx, &id).await?,
        "disable_api_key" => api_key::switch(t, cx, &id, false).await?,
        "enable_api_key" => api_key::switch(t, cx, &id, true).await?,
        "disconnect_connection" => disconnect::run(t, cx, &id).await?,
        "suspend_collaborator" => not_seen = suspend::run(t, cx, &id).await?,
        "narrow_api_client" => {
            let wanted = Narrower {
                role: args.text(ROLE),
                folders: args.texts(FOLDERS),
                addresses: args.texts(ADDRESSES),
            };
            api_client::narrow(t, cx, &id, &wanted).await?;
        }
        other => return Err(Error::new(Kind::NotFound, format!("there is no action {other:?}"))),
    }
    Ok(answer([
        ("success", value(ValueKind::BoolValue(true))),
        ("changes", list(cx.changes.told().iter().map(ToString::to_string))),
        ("undo", list(cx.changes.undo())),
        ("not_seen", list(not_seen)),
    ]))
}
