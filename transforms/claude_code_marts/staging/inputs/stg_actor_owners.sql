-- One row per account, organization_id, actor and valid_from: who owns the keys of a name.
--
-- account: Account of the API key that took the snapshots.
-- organization_id: UUID of the organisation.
-- actor: Name of the keys, as usage records have it; only names that occur in these.
-- valid_from: First UTC day on which this holds.
-- valid_to: Last UTC day on which it holds; 9999-12-31 for no end.
-- resolution: unique, same_owner, ambiguous, unknown or service_account, as key_owners.
-- owner: Email of the one person, with A to Z in lower case; null if it is not one.
-- team: Team by tags; empty if they name none or several, null if teams are not of tags.
with

owners as (

    select * from claude_code.actor_owners

),

files as (

    select * from stg_input_files
    where name = 'owners'

),

in_force as (

    select
        owners.account,
        owners.organization_id,
        owners.actor,
        owners.valid_from,
        owners.valid_to,
        owners.resolution,
        owners.owner,
        owners.team

    from owners
    inner join files
        on owners._dlt_load_id = files.load_id

)

select * from in_force
