//! Those fields of the kit that code reads, each with the type of its value.

use super::FIELDS;
use crate::baton::config::setting::{Flag, Number, Secret, Setting, Text, Texts, settings};

settings! {
    FIELDS;
    FILE: Text = "file";
    C1Z_TEMP_DIR: Text = "c1z-temp-dir";
    STORAGE_ENGINE: Text = "storage-engine";
    LOG_LEVEL: Text = "log-level";
    LOG_FORMAT: Text = "log-format";
    LOG_PATH: Texts = "log-path";
    HEALTH_CHECK: Flag = "health-check";
    HEALTH_CHECK_PORT: Number = "health-check-port";
    HEALTH_CHECK_BIND_ADDRESS: Text = "health-check-bind-address";
    HTTP_TIMEOUT_SECONDS: Number = "http-timeout-seconds";
    CLIENT_ID: Text = "client-id";
    CLIENT_SECRET: Secret = "client-secret";
    PROVISIONING: Flag = "provisioning";
    TICKETING: Flag = "ticketing";
    SKIP_FULL_SYNC: Flag = "skip-full-sync";
    TASK_CONCURRENCY: Number = "task-concurrency";
    SYNC_RESOURCE_TYPES: Texts = "sync-resource-types";
    SYNC_RESOURCES: Texts = "sync-resources";
    SKIP_GRANTS: Flag = "skip-grants";
    SKIP_ENTITLEMENTS_AND_GRANTS: Flag = "skip-entitlements-and-grants";
    WORKERS: Number = "workers";
    PARALLEL_SYNC: Flag = "parallel-sync";
    GRANT_ENTITLEMENT: Text = "grant-entitlement";
    GRANT_PRINCIPAL: Text = "grant-principal";
    GRANT_PRINCIPAL_TYPE: Text = "grant-principal-type";
    REVOKE_GRANT: Text = "revoke-grant";
    CREATE_ACCOUNT_LOGIN: Text = "create-account-login";
    CREATE_ACCOUNT_EMAIL: Text = "create-account-email";
    CREATE_ACCOUNT_PROFILE: Text = "create-account-profile";
    CREATE_ACCOUNT_RESOURCE_TYPE: Text = "create-account-resource-type";
    DELETE_RESOURCE: Text = "delete-resource";
    DELETE_RESOURCE_TYPE: Text = "delete-resource-type";
    ROTATE_CREDENTIALS: Text = "rotate-credentials";
    ROTATE_CREDENTIALS_TYPE: Text = "rotate-credentials-type";
    SECRET_FILE: Text = "secret-file";
    UNDO_FILE: Text = "undo-file";
    INVOKE_ACTION: Text = "invoke-action";
    INVOKE_ACTION_ARGS: Text = "invoke-action-args";
    INVOKE_ACTION_RESOURCE_TYPE: Text = "invoke-action-resource-type";
    LIST_ACTION_SCHEMAS: Flag = "list-action-schemas";
    LIST_ACTION_SCHEMAS_RESOURCE_TYPE: Text = "list-action-schemas-resource-type";
    DRY_RUN: Flag = "dry-run";
    BASE_SYNC_ID: Text = "base-sync-id";
    APPLIED_SYNC_ID: Text = "applied-sync-id";
    KEEP: Number = "keep";
    FAIL_ON_WARNINGS: Flag = "fail-on-warnings";
    POLICY: Text = "policy";
    NO_PROGRESS: Flag = "no-progress";
    FRESH: Flag = "fresh";
    C1_CA_CERT: Text = "c1-ca-cert";
    TIME_BUDGET: Text = "time-budget";
}
