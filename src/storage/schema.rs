//! The tables, one description for both databases (`migrations/` makes them).
//! Times are text in output form, see the first migration.

diesel::table! {
    workspaces (id) {
        id -> BigInt,
        title -> Text,
        code -> Text,
        version -> BigInt,
        created -> Text,
        modified -> Text,
        created_by -> Nullable<BigInt>,
        modified_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    clusters (id) {
        id -> BigInt,
        cluster_type -> Text,
        imported_type -> Nullable<Text>,
        title -> Text,
        workspace_id -> BigInt,
        version -> BigInt,
        created -> Text,
        modified -> Text,
        created_by -> Nullable<BigInt>,
        modified_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    partners (id) {
        id -> BigInt,
        title -> Text,
        short_title -> Nullable<Text>,
        alternate_title -> Nullable<Text>,
        partner_type -> Text,
        cso_type -> Nullable<Text>,
        shared_partner -> Text,
        external_source -> Nullable<Text>,
        external_id -> Nullable<Text>,
        ocha_external_id -> Nullable<Text>,
        email -> Nullable<Text>,
        phone_number -> Nullable<Text>,
        street_address -> Nullable<Text>,
        city -> Nullable<Text>,
        postal_code -> Nullable<Text>,
        country_code -> Nullable<Text>,
        total_ct_cp -> Nullable<Text>,
        total_ct_cy -> Nullable<Text>,
        vendor_number -> Nullable<Text>,
        alternate_id -> Nullable<Text>,
        rating -> Nullable<Text>,
        basis_for_risk_rating -> Nullable<Text>,
        version -> BigInt,
        created -> Text,
        modified -> Text,
        created_by -> Nullable<BigInt>,
        modified_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    partner_clusters (partner_id, cluster_id) {
        partner_id -> BigInt,
        cluster_id -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        username -> Text,
        uname -> Text,
        name -> Nullable<Text>,
        surname -> Nullable<Text>,
        full_name -> Nullable<Text>,
        email -> Nullable<Text>,
        position -> Nullable<Text>,
        organization -> Nullable<Text>,
        time_zone -> Nullable<Text>,
        partner_id -> Nullable<BigInt>,
        password_hash -> Nullable<Text>,
        external -> Bool,
        external_id -> Nullable<Text>,
        is_active -> Bool,
        is_staff -> Bool,
        last_login -> Nullable<Text>,
        version -> BigInt,
        created -> Text,
        modified -> Text,
        created_by -> Nullable<BigInt>,
        modified_by -> Nullable<BigInt>,
        deleted_at -> Nullable<Text>,
        ldap_id -> Nullable<Text>,
        username_folded -> Nullable<Text>,
        username_skeleton -> Nullable<Text>,
        uname_skeleton -> Nullable<Text>,
        search_text -> Nullable<Text>,
    }
}

diesel::table! {
    partner_blocks (partner_id, block) {
        partner_id -> BigInt,
        block -> BigInt,
        living -> BigInt,
    }
}

diesel::table! {
    role_counts (role_id, slot) {
        role_id -> BigInt,
        slot -> BigInt,
        granted -> BigInt,
        held -> BigInt,
        id_sum -> BigInt,
        id_squares -> BigInt,
    }
}

diesel::table! {
    user_blocks (block) {
        block -> BigInt,
        living -> BigInt,
    }
}

diesel::table! {
    user_spans (span) {
        span -> BigInt,
        living -> BigInt,
    }
}

diesel::table! {
    partner_spans (partner_id, span) {
        partner_id -> BigInt,
        span -> BigInt,
        living -> BigInt,
    }
}

diesel::table! {
    roles (id) {
        id -> BigInt,
        name -> Text,
        label -> Nullable<Text>,
        description -> Nullable<Text>,
        scope -> Text,
        unchangeable -> Bool,
        is_default -> Bool,
        permissions -> Text,
        include_context -> Nullable<Text>,
        exclude_context -> Nullable<Text>,
        include_bundles -> Nullable<Text>,
        exclude_bundles -> Nullable<Text>,
        version -> BigInt,
        created -> Text,
        modified -> Text,
        created_by -> Nullable<BigInt>,
        modified_by -> Nullable<BigInt>,
        external_id -> Nullable<Text>,
        predefined -> Nullable<Text>,
        name_skeleton -> Nullable<Text>,
        name_folded -> Nullable<Text>,
        origin -> Text,
    }
}

diesel::table! {
    secrets (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    role_includes (role_id, part_id) {
        role_id -> BigInt,
        part_id -> BigInt,
    }
}

diesel::table! {
    role_closure (role_id, part_id) {
        role_id -> BigInt,
        part_id -> BigInt,
    }
}

diesel::table! {
    grants (id) {
        id -> BigInt,
        user_id -> BigInt,
        role_id -> BigInt,
        workspace_id -> Nullable<BigInt>,
        cluster_id -> Nullable<BigInt>,
        is_active -> Bool,
        valid_from -> Nullable<Text>,
        valid_until -> Nullable<Text>,
        version -> BigInt,
        created -> Text,
        modified -> Text,
        created_by -> Nullable<BigInt>,
        end_told -> Bool,
        origin -> Nullable<Text>,
        modified_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    imports (id) {
        id -> BigInt,
        head -> Text,
        bytes -> BigInt,
        lines -> BigInt,
        digest -> Text,
        counts -> Text,
        started -> Text,
        finished -> Nullable<Text>,
    }
}

diesel::table! {
    grant_rules (id) {
        id -> BigInt,
        granter_role_id -> BigInt,
        scope -> Text,
        verbs -> Text,
        version -> BigInt,
        created -> Text,
        modified -> Text,
        created_by -> Nullable<BigInt>,
        modified_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    grant_rule_targets (rule_id, role_id) {
        rule_id -> BigInt,
        role_id -> BigInt,
    }
}

diesel::table! {
    tokens (id) {
        id -> BigInt,
        hash -> Text,
        user_id -> BigInt,
        name -> Text,
        scopes -> Nullable<Text>,
        expires -> Nullable<Text>,
        last_used -> Nullable<Text>,
        version -> BigInt,
        created -> Text,
        modified -> Text,
        created_by -> Nullable<BigInt>,
        sign_in_id -> Nullable<BigInt>,
        modified_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    credential_versions (id) {
        id -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> BigInt,
        at -> Text,
        actor_id -> Nullable<BigInt>,
        actor -> Nullable<Text>,
        token_id -> Nullable<BigInt>,
        verb -> Text,
        subject_type -> Text,
        subject_id -> BigInt,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        request_id -> Text,
        source_address -> Nullable<Text>,
        credential -> Nullable<Text>,
        count -> BigInt,
    }
}

diesel::table! {
    event_pruning (id) {
        id -> BigInt,
        is_allowed -> Bool,
    }
}

diesel::table! {
    token_addresses (token_id, address) {
        token_id -> BigInt,
        address -> Text,
        seen -> Text,
    }
}

diesel::table! {
    idempotency (caller_id, idempotency_key) {
        caller_id -> BigInt,
        idempotency_key -> Text,
        request_hash -> Text,
        status -> Nullable<Integer>,
        headers -> Nullable<Text>,
        answer -> Nullable<Binary>,
        at -> Text,
    }
}

diesel::table! {
    outbox (id) {
        id -> BigInt,
        created -> Text,
        kind -> Text,
        event_key -> Text,
        recipient -> Text,
        subject -> Text,
        body -> Text,
        attempts -> Integer,
        next_attempt -> Text,
        claimed_until -> Nullable<Text>,
        sent_at -> Nullable<Text>,
        failed_at -> Nullable<Text>,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    sign_ins (id) {
        id -> BigInt,
        user_id -> BigInt,
        created -> Text,
        expires -> Text,
        ends -> Text,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        last_used -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_tokens (id) {
        id -> BigInt,
        sign_in_id -> BigInt,
        hash -> Text,
        created -> Text,
        expires -> Text,
        used -> Nullable<Text>,
    }
}

diesel::table! {
    signing_keys (id) {
        id -> BigInt,
        kid -> Text,
        algorithm -> Text,
        private_key -> Text,
        public_key -> Text,
        not_before -> Text,
        retired_at -> Nullable<Text>,
        created -> Text,
    }
}

diesel::joinable!(grants -> roles (role_id));
diesel::joinable!(grants -> users (user_id));
diesel::joinable!(refresh_tokens -> sign_ins (sign_in_id));
diesel::joinable!(sign_ins -> users (user_id));
diesel::joinable!(tokens -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(
    workspaces,
    clusters,
    partners,
    partner_clusters,
    users,
    user_blocks,
    partner_blocks,
    role_counts,
    user_spans,
    partner_spans,
    roles,
    role_includes,
    role_closure,
    grants,
    grant_rules,
    grant_rule_targets,
    tokens,
    sign_ins,
    refresh_tokens,
    events,
);
