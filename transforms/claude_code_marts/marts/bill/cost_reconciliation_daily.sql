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
-- tokens_agree: True if all four kinds are the same; null where not compared or none at all.
-- estimated_cost: At list prices, in units of the currency, to 12 places; null if not known.
-- billed_cost: After discounts, before credits, in units of the currency; null if not known.
-- billed_extras: The part of it that is not for tokens, in units of the currency.
-- cost_difference: Billed minus estimated, in units of the currency; null where not compared.
-- reason: Likely reason of the difference, or why there is none; null where both are equal.
-- is_final: True when all loaded reports of the day are final, as in stg_report_days.
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
        count(case when not is_settled then 1 end) = 0 as is_settled,
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
        'tokens' as cost_type,
        'estimate' as side

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
        'tokens' as cost_type,
        'tokens' as side

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
        coalesce(items.cost_type, 'tokens') as cost_type,
        'bill' as side

    from items
    left join claude_code_workspaces
        on items.account = claude_code_workspaces.account
        and items.organization_id
        is not distinct from claude_code_workspaces.organization_id
        and items.workspace_id = claude_code_workspaces.workspace_id

),

-- The token report names no currency: its tokens join the estimate of the model's day,
-- else the first currency there.
placed as (

    select
        *,
        coalesce(
            currency,
            min(case when side = 'estimate' then currency end) over (
                partition by account, organization_id, date, part, model
            ),
            min(currency) over (
                partition by account, organization_id, date, part, model
            )
        ) as place

    from facts

),

-- A sum is null where none of its amounts is known.
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
        count(case when side = 'estimate' then 1 end) > 0 as has_estimate,
        count(case when side = 'bill' then 1 end) > 0 as has_items,
        count(case when estimated_cost is null or billed_cost is null then 1 end)
        = 0 as has_amounts,
        sum(case when side = 'estimate' then estimated_cost end) as estimates,
        sum(case when side = 'bill' then billed_cost end) as bills,
        sum(case when cost_type = 'web_search' then billed_cost else 0 end) as searches,
        sum(
            case when cost_type = 'code_execution' then billed_cost else 0 end
        ) as executions,
        sum(case when cost_type <> 'tokens' then billed_cost else 0 end) as extras

    from placed
    group by account, organization_id, date, part, model, place

),

currencies as (

    select
        account,
        organization_id,
        date,
        part,
        model,
        count(case when has_estimate then 1 end) > 0 as is_estimated,
        count(case when has_items then 1 end) > 0 as is_billed

    from summed
    group by account, organization_id, date, part, model

),

known as (

    select
        summed.*,
        coalesce(days.has_usage, false) as has_usage,
        coalesce(days.has_bill, false) as has_bill,
        coalesce(days.has_tokens, false) as has_tokens,
        coalesce(days.is_settled, false) as is_settled,
        coalesce(days.is_final, false) as is_final,
        with_workspace.account is not null as has_workspace,
        currencies.is_estimated
        and currencies.is_billed
        and summed.has_estimate <> summed.has_items as is_other_currency,
        summed.estimated_input
        + summed.estimated_output
        + summed.estimated_read
        + summed.estimated_creation as estimated_tokens,
        summed.metered_input
        + summed.metered_output
        + summed.metered_read
        + summed.metered_creation as metered_tokens

    from summed
    inner join currencies
        on summed.account = currencies.account
        and summed.organization_id is not distinct from currencies.organization_id
        and summed.date = currencies.date
        and summed.part = currencies.part
        and summed.model is not distinct from currencies.model
    left join days
        on summed.account = days.account
        and summed.date = days.date
    left join with_workspace
        on summed.account = with_workspace.account
        and summed.organization_id
        is not distinct from with_workspace.organization_id

),

-- What a loaded report has nothing of is 0. What is in another currency is not known.
sides as (

    select
        *,
        part = 'sign_in'
        and has_workspace
        and has_usage
        and has_bill
        and has_amounts
        and not is_other_currency as is_compared,
        case
            when
                part = 'sign_in'
                and has_workspace
                and has_usage
                and has_tokens
                and estimated_tokens + metered_tokens > 0
                then
                    estimated_input = metered_input
                    and estimated_output = metered_output
                    and estimated_read = metered_read
                    and estimated_creation = metered_creation
        end as tokens_agree,
        part = 'elsewhere' or (part = 'sign_in' and has_workspace) as is_billed_here,
        case
            when has_estimate then estimates
            when not is_other_currency then 0
        end as estimated_cost,
        case
            when has_items then bills
            when not is_other_currency then 0
        end as billed_cost

    from known

),

-- What is paid of the estimate, in thousandths, where tokens alone make the difference.
compared as (

    select
        *,
        billed_cost - estimated_cost as difference,
        billed_cost - extras as paid,
        case
            when
                is_compared
                and tokens_agree
                and priority_tokens = 0
                and billed_cost - extras > 0
                and billed_cost - extras <= estimated_cost
                then cast(round(
                    1e3 * cast(billed_cost - extras as double)
                    / nullif(cast(estimated_cost as double), 0)
                ) as bigint)
        end as share_paid

    from sides

),

alike as (

    select
        *,
        count(share_paid) over (
            partition by
                account, organization_id, part, model, currency, share_paid
        ) as days_alike,
        count(case when is_final then share_paid end) over (
            partition by
                account, organization_id, part, model, currency, share_paid
        ) as final_days_alike

    from compared

),

usual as (

    select
        *,
        max(case when days_alike > 1 then share_paid end) over (
            partition by account, organization_id, part, model, currency
        ) as usual_share

    from alike

),

-- The first reason that the data shows. A bill that may still change is a discount if
-- other days are paid alike, and is late if it alone is below them.
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
                then cast(estimated_tokens as bigint)
        end as estimated_tokens,
        case
            when is_billed_here and has_tokens
                then cast(metered_tokens as bigint)
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
                when is_billed_here and has_bill and billed_cost is not null
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
            when is_other_currency then 'other_currency'
            when not has_amounts then 'amount_missing'
            when difference = 0 then null
            when not is_settled then 'late_revision'
            when difference = extras and extras = searches then 'web_search'
            when difference = extras and extras = executions then 'code_execution'
            when difference = extras then 'beyond_tokens'
            when priority_tokens > 0 and difference < extras then 'priority_tier'
            when not has_items then 'only_in_estimate'
            when not has_estimate then 'only_in_bill'
            when not tokens_agree then 'tokens_differ'
            when tokens_agree is null or paid <= 0 or difference > extras
                then 'unexplained'
            when is_final or final_days_alike > 0 then 'discount'
            when days_alike > 1 and share_paid = usual_share then 'discount'
            when days_alike = 1 and share_paid < usual_share then 'late_revision'
            else 'discount_or_late_revision'
        end as reason,
        is_final

    from usual

)

select * from explained
