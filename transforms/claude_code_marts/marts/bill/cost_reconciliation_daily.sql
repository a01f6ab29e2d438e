-- One row per account, organization_id, date, part, model and currency: estimate and bill.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- part: sign_in is compared. api_key has no bill of its own, elsewhere no estimate.
-- model: Model name, as each report has it; null for items of the bill without one.
-- currency: Currency of all costs of the row, as in USD; null where none was named.
-- estimated_tokens: Tokens of the usage report, of all kinds (count); null if not loaded.
-- metered_tokens: Tokens of the token report (count); null if not loaded or no workspace.
-- tokens_agree: True if all four kinds of tokens are the same; null where not compared.
-- estimated_cost: At list prices, in units of the currency, to 12 places; null if not loaded.
-- billed_cost: After discounts, before credits, in units of the currency; null likewise.
-- billed_extras: The part of it that is not for tokens, in units of the currency.
-- cost_difference: Billed minus estimated, in units of the currency; null where not compared.
-- reason: Likely reason of the difference, or why there is none; null where both are equal.
-- is_final: True when all compared reports were fetched after the day had settled.
with

usage as (

    select * from stg_model_usage
    where customer_type = 'api'

),

metered as (

    select * from stg_message_usage

),

items as (

    select * from stg_cost_items

),

claude_code_workspaces as (

    select * from stg_workspaces
    where is_claude_code

),

report_days as (

    select * from stg_report_days
    where report in ('claude_code', 'cost_report', 'messages_usage')

),

with_workspace as (

    select distinct
        account,
        organization_id

    from claude_code_workspaces

),

days as (

    select
        account,
        date,
        count(case when report = 'claude_code' then 1 end) > 0 as has_usage,
        count(case when report = 'cost_report' then 1 end) > 0 as has_bill,
        count(case when report = 'messages_usage' then 1 end) > 0 as has_tokens,
        count(case when not is_final then 1 end) = 0 as is_final

    from report_days
    group by account, date

),

-- People who sign in are billed in the workspace named Claude Code. A key is billed in
-- its own workspace, among all else that is done there.
facts as (

    select
        account,
        organization_id,
        date,
        case
            when actor_type = 'user_actor' then 'sign_in' else 'api_key'
        end as part,
        model,
        currency,
        input_tokens as estimated_input,
        output_tokens as estimated_output,
        cache_read_tokens as estimated_read,
        cache_creation_tokens as estimated_creation,
        0 as metered_input,
        0 as metered_output,
        0 as metered_read,
        0 as metered_creation,
        0 as priority_tokens,
        estimated_cost,
        cast(0 as decimal(38, 12)) as billed_cost,
        'tokens' as cost_type

    from usage

    union all

    select
        metered.account,
        metered.organization_id,
        metered.date,
        case
            when claude_code_workspaces.workspace_id is not null then 'sign_in'
            else 'elsewhere'
        end as part,
        metered.model,
        cast(null as varchar) as currency,
        0 as estimated_input,
        0 as estimated_output,
        0 as estimated_read,
        0 as estimated_creation,
        metered.input_tokens as metered_input,
        metered.output_tokens as metered_output,
        metered.cache_read_tokens as metered_read,
        coalesce(metered.cache_5m_tokens, 0)
        + coalesce(metered.cache_1h_tokens, 0) as metered_creation,
        case
            when metered.service_tier in ('priority', 'priority_on_demand')
                then metered.output_tokens
            else 0
        end as priority_tokens,
        cast(0 as decimal(38, 12)) as estimated_cost,
        cast(0 as decimal(38, 12)) as billed_cost,
        'tokens' as cost_type

    from metered
    left join claude_code_workspaces
        on metered.account = claude_code_workspaces.account
        and metered.organization_id
        is not distinct from claude_code_workspaces.organization_id
        and metered.workspace_id = claude_code_workspaces.workspace_id

    union all

    select
        items.account,
        items.organization_id,
        items.date,
        case
            when claude_code_workspaces.workspace_id is not null then 'sign_in'
            else 'elsewhere'
        end as part,
        items.model,
        items.currency,
        0 as estimated_input,
        0 as estimated_output,
        0 as estimated_read,
        0 as estimated_creation,
        0 as metered_input,
        0 as metered_output,
        0 as metered_read,
        0 as metered_creation,
        0 as priority_tokens,
        cast(0 as decimal(38, 12)) as estimated_cost,
        items.billed_cost,
        coalesce(items.cost_type, 'tokens') as cost_type

    from items
    left join claude_code_workspaces
        on items.account = claude_code_workspaces.account
        and items.organization_id
        is not distinct from claude_code_workspaces.organization_id
        and items.workspace_id = claude_code_workspaces.workspace_id

),

-- The token report names no currency: its tokens join the first one of the model's day.
placed as (

    select
        *,
        coalesce(
            currency,
            min(currency) over (
                partition by account, organization_id, date, part, model
            )
        ) as place

    from facts

),

summed as (

    select
        account,
        organization_id,
        date,
        part,
        model,
        place as currency,
        coalesce(sum(estimated_input), 0) as estimated_input,
        coalesce(sum(estimated_output), 0) as estimated_output,
        coalesce(sum(estimated_read), 0) as estimated_read,
        coalesce(sum(estimated_creation), 0) as estimated_creation,
        coalesce(sum(metered_input), 0) as metered_input,
        coalesce(sum(metered_output), 0) as metered_output,
        coalesce(sum(metered_read), 0) as metered_read,
        coalesce(sum(metered_creation), 0) as metered_creation,
        coalesce(sum(priority_tokens), 0) as priority_tokens,
        coalesce(sum(estimated_cost), 0) as estimated_cost,
        coalesce(sum(billed_cost), 0) as billed_cost,
        sum(case when cost_type = 'web_search' then billed_cost else 0 end) as searches,
        sum(
            case when cost_type = 'code_execution' then billed_cost else 0 end
        ) as executions,
        sum(case when cost_type <> 'tokens' then billed_cost else 0 end) as extras

    from placed
    group by account, organization_id, date, part, model, place

),

known as (

    select
        summed.*,
        coalesce(days.has_usage, false) as has_usage,
        coalesce(days.has_bill, false) as has_bill,
        coalesce(days.has_tokens, false) as has_tokens,
        coalesce(days.is_final, false) as is_final,
        with_workspace.account is not null as has_workspace

    from summed
    left join days
        on summed.account = days.account
        and summed.date = days.date
    left join with_workspace
        on summed.account = with_workspace.account
        and summed.organization_id
        is not distinct from with_workspace.organization_id

),

compared as (

    select
        *,
        part = 'sign_in' and has_workspace and has_usage and has_bill as is_compared,
        case
            when part = 'sign_in' and has_workspace and has_usage and has_tokens
                then
                    estimated_input = metered_input
                    and estimated_output = metered_output
                    and estimated_read = metered_read
                    and estimated_creation = metered_creation
        end as tokens_agree,
        part = 'elsewhere' or (part = 'sign_in' and has_workspace) as is_billed_here,
        billed_cost - estimated_cost as difference

    from known

),

-- The first reason that the data shows. Discounts are told from other causes by equal
-- tokens alone.
explained as (

    select
        account,
        organization_id,
        date,
        part,
        model,
        currency,
        case
            when part <> 'elsewhere' and has_usage
                then cast(
                    estimated_input
                    + estimated_output
                    + estimated_read
                    + estimated_creation as bigint
                )
        end as estimated_tokens,
        case
            when is_billed_here and has_tokens
                then cast(
                    metered_input
                    + metered_output
                    + metered_read
                    + metered_creation as bigint
                )
        end as metered_tokens,
        tokens_agree,
        cast(
            case
                when part <> 'elsewhere' and has_usage
                    then estimated_cost
            end as decimal(38, 12)
        ) as estimated_cost,
        cast(
            case
                when is_billed_here and has_bill
                    then billed_cost
            end as decimal(38, 12)
        ) as billed_cost,
        cast(
            case
                when is_billed_here and has_bill
                    then extras
            end as decimal(38, 12)
        ) as billed_extras,
        cast(
            case when is_compared then difference end as decimal(38, 12)
        ) as cost_difference,
        case
            when part = 'api_key' then 'billed_elsewhere'
            when part = 'elsewhere' then 'not_separable'
            when not has_workspace then 'no_workspace'
            when not has_usage then 'usage_not_loaded'
            when not has_bill then 'bill_not_loaded'
            when difference = 0 then null
            when not is_final then 'late_revision'
            when difference = extras and extras = searches then 'web_search'
            when difference = extras and extras = executions then 'code_execution'
            when difference = extras then 'beyond_tokens'
            when priority_tokens > 0 and difference < extras then 'priority_tier'
            when not tokens_agree then 'tokens_differ'
            when tokens_agree and difference < extras then 'discount'
            else 'unexplained'
        end as reason,
        is_final

    from compared

)

select * from explained
