-- One row per x_CostBasis, x_Account, BillingAccountId, ChargePeriodStart, x_CostItemId, x_ActorType, x_ActorId, x_CustomerType, SkuId and BillingCurrency.
--
-- BilledCost: Billed cost, before credits, in BillingCurrency, to 12 places; 0 of an estimate.
-- BillingAccountId: UUID of the organisation; the account where no UUID is known.
-- BillingAccountName: Name of the organisation; null where it is not known.
-- BillingAccountType: Organization.
-- BillingCurrency: Currency of all costs of the row; USD where the bill names none.
-- BillingPeriodEnd: First moment after the month, as a text in ISO 8601 (UTC).
-- BillingPeriodStart: First moment of the month, as a text in ISO 8601 (UTC).
-- ChargeCategory: Usage.
-- ChargeClass: Null: the rows of a restated day are replaced.
-- ChargeDescription: The item as the bill words it, or that it is an estimate.
-- ChargeFrequency: Usage-Based.
-- ChargePeriodEnd: First moment after the day, as a text in ISO 8601 (UTC).
-- ChargePeriodStart: First moment of the UTC day, as a text in ISO 8601.
-- CommitmentDiscountStatus: Null: no commitment is in the bill report.
-- ConsumedQuantity: What was used, in ConsumedUnit; 1 where the reports give no quantity.
-- ConsumedUnit: Tokens, Requests (web searches), or Units where no quantity is known.
-- ContractedCost: As BilledCost, in BillingCurrency: the reports give no other price.
-- ContractedUnitPrice: Billed per PricingUnit, in BillingCurrency; null where not exact to 6 places.
-- EffectiveCost: As BilledCost, in BillingCurrency: nothing is paid ahead.
-- HostProviderName: Anthropic (of FOCUS 1.3).
-- InvoiceId: Null: the reports name no invoice.
-- InvoiceIssuerName: Anthropic.
-- ListCost: In BillingCurrency: estimated at list prices, or of a bill as BilledCost.
-- PricingCategory: Standard.
-- PricingCurrency: As BillingCurrency.
-- PricingQuantity: What was priced, in PricingUnit.
-- PricingUnit: 1000000 Tokens, Requests, or Units where no quantity is known.
-- ProviderName: Anthropic.
-- PublisherName: Anthropic.
-- ServiceCategory: AI and Machine Learning.
-- ServiceName: Claude Code for its workspace and for estimates, else Claude API.
-- ServiceProviderName: Anthropic (of FOCUS 1.3).
-- ServiceSubcategory: Generative AI.
-- SkuId: Model and kind of tokens, or what else was billed; all-tokens of an estimate.
-- SkuMeter: Kind of tokens, as in Output Tokens, or what else was billed.
-- SkuPriceDetails: Model and kind of tokens, as a JSON object in a text; null without a model.
-- SkuPriceId: SkuId and what the price depends on: tier, context window and place.
-- SubAccountId: Id of the workspace; null for the default one, and of an estimate.
-- SubAccountName: Name of the workspace, else its id; null where there is no SubAccountId.
-- SubAccountType: Workspace; null where there is no SubAccountId.
-- Tags: Tags of the workspace now, as a JSON object in a text; null without any.
-- x_Account: Account of the API key; default unless several are configured.
-- x_ActorId: Of an estimate, the actor: email, name of an API key, or unknown; else null.
-- x_ActorType: Of an estimate, user_actor, api_actor or another kind; else null.
-- x_CostBasis: billed or estimated. Never add up both.
-- x_CostItemId: cost_item_id of a billed item; null of an estimate.
-- x_CustomerType: Of an estimate, api, subscription or unknown; else null.
-- x_EstimatedCost: Of an estimate, its cost at list prices in BillingCurrency; else null.
-- x_IsFinal: True when the day's report is final, as in stg_report_days.
-- x_Owner: Of an estimate, the person behind the actor, as in owner_cost_daily; else null.
-- x_Team: Of an estimate, the team that day, as in owner_cost_daily; else null.
with

items as (

    select * from stg_cost_items

),

metered as (

    select * from stg_message_usage

),

entries as (

    select * from stg_model_usage
    where currency is not null

),

owned as (

    select * from owner_cost_daily

),

organizations as (

    select * from stg_organizations

),

workspaces as (

    select * from stg_workspaces

),

report_days as (

    select * from stg_report_days

),

-- What the token report counts under the words of the bill, and FOCUS calls it.
kinds as (

    select
        'uncached_input_tokens' as token_type,
        'Input Tokens' as meter,
        'Input' as direction,
        'None' as cache_action

    union all

    select
        'output_tokens' as token_type,
        'Output Tokens' as meter,
        'Output' as direction,
        'None' as cache_action

    union all

    select
        'cache_read_input_tokens' as token_type,
        'Cache Read Tokens' as meter,
        'Input' as direction,
        'Read' as cache_action

    union all

    select
        'cache_creation.ephemeral_5m_input_tokens' as token_type,
        'Cache Write Tokens, 5 Minutes' as meter,
        'Input' as direction,
        'Write' as cache_action

    union all

    select
        'cache_creation.ephemeral_1h_input_tokens' as token_type,
        'Cache Write Tokens, 1 Hour' as meter,
        'Input' as direction,
        'Write' as cache_action

),

quantities as (

    select
        metered.account,
        metered.organization_id,
        metered.date,
        metered.workspace_id,
        metered.model,
        metered.service_tier,
        metered.context_window,
        metered.inference_geo,
        kinds.token_type,
        sum(case kinds.token_type
            when 'uncached_input_tokens' then metered.input_tokens
            when 'output_tokens' then metered.output_tokens
            when 'cache_read_input_tokens' then metered.cache_read_tokens
            when 'cache_creation.ephemeral_5m_input_tokens'
                then metered.cache_5m_tokens
            else metered.cache_1h_tokens
        end) as tokens

    from metered
    cross join kinds
    group by
        metered.account,
        metered.organization_id,
        metered.date,
        metered.workspace_id,
        metered.model,
        metered.service_tier,
        metered.context_window,
        metered.inference_geo,
        kinds.token_type

),

searches as (

    select
        account,
        organization_id,
        date,
        workspace_id,
        sum(web_searches) as web_searches

    from metered
    group by account, organization_id, date, workspace_id

),

-- Where several items share all that the token report knows, the tokens would count
-- several times.
counted_items as (

    select
        *,
        count(*) over (
            partition by
                account,
                organization_id,
                date,
                workspace_id,
                cost_type,
                model,
                service_tier,
                context_window,
                inference_geo,
                token_type
        ) as namesakes,
        count(*) over (
            partition by
                account, organization_id, date, workspace_id, cost_type
        ) as of_type

    from items

),

measured as (

    select
        counted_items.*,
        workspaces.workspace_name,
        workspaces.tags,
        coalesce(workspaces.is_claude_code, false) as is_claude_code,
        kinds.meter,
        kinds.direction,
        kinds.cache_action,
        case
            when counted_items.namesakes = 1 then quantities.tokens
        end as tokens,
        case
            when counted_items.cost_type = 'web_search' and counted_items.of_type = 1
                then searches.web_searches
        end as web_searches

    from counted_items
    left join workspaces
        on counted_items.account = workspaces.account
        and counted_items.organization_id
        is not distinct from workspaces.organization_id
        and counted_items.workspace_id = workspaces.workspace_id
    left join kinds
        on counted_items.token_type = kinds.token_type
    left join quantities
        on counted_items.account = quantities.account
        and counted_items.organization_id
        is not distinct from quantities.organization_id
        and counted_items.date = quantities.date
        and counted_items.model = quantities.model
        and counted_items.token_type = quantities.token_type
        and counted_items.workspace_id is not distinct from quantities.workspace_id
        and counted_items.service_tier is not distinct from quantities.service_tier
        and counted_items.context_window
        is not distinct from quantities.context_window
        and counted_items.inference_geo is not distinct from quantities.inference_geo
    left join searches
        on counted_items.account = searches.account
        and counted_items.organization_id is not distinct from searches.organization_id
        and counted_items.date = searches.date
        and counted_items.workspace_id is not distinct from searches.workspace_id

),

billed as (

    select
        'billed' as cost_basis,
        'cost_report' as report,
        account,
        organization_id,
        date,
        cost_item_id,
        cast(null as varchar) as actor_type,
        cast(null as varchar) as actor,
        cast(null as varchar) as customer_type,
        cast(null as varchar) as owner,
        cast(null as varchar) as team,
        coalesce(currency, 'USD') as currency,
        coalesce(billed_cost, 0) as billed_cost,
        coalesce(billed_cost, 0) as list_cost,
        cast(null as decimal(38, 12)) as estimated_cost,
        coalesce(description, cost_type, 'Usage') as description,
        case
            when is_claude_code then 'Claude Code' else 'Claude API'
        end as service_name,
        coalesce(model || '/', '')
        || coalesce(token_type, cost_type, description, 'usage') as sku_id,
        coalesce(
            meter,
            token_type,
            case cost_type
                when 'tokens' then 'Tokens'
                when 'web_search' then 'Web Searches'
                when 'code_execution' then 'Code Execution'
                when 'session_usage' then 'Session Usage'
            end,
            cost_type,
            description,
            'Usage'
        ) as sku_meter,
        model,
        direction,
        cache_action,
        '/' || coalesce(service_tier, 'standard')
        || coalesce('/' || context_window, '')
        || coalesce('/' || inference_geo, '') as sku_price,
        case
            when tokens is not null then 'Tokens'
            when web_searches is not null then 'Requests'
            else 'Units'
        end as unit,
        coalesce(tokens, web_searches, 1) as quantity,
        workspace_id,
        workspace_name,
        tags

    from measured

),

estimates as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency,
        coalesce(model, 'unknown') as model,
        sum(estimated_cost) as estimated_cost,
        sum(
            coalesce(input_tokens, 0)
            + coalesce(output_tokens, 0)
            + coalesce(cache_read_tokens, 0)
            + coalesce(cache_creation_tokens, 0)
        ) as tokens

    from entries
    group by
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency,
        coalesce(model, 'unknown')

),

-- An estimate is on no invoice: as a billed cost it would count twice beside the bill.
estimated as (

    select
        'estimated' as cost_basis,
        'claude_code' as report,
        estimates.account,
        estimates.organization_id,
        estimates.date,
        cast(null as varchar) as cost_item_id,
        estimates.actor_type,
        estimates.actor,
        estimates.customer_type,
        owned.owner,
        owned.team,
        estimates.currency,
        cast(0 as decimal(38, 12)) as billed_cost,
        coalesce(estimates.estimated_cost, 0) as list_cost,
        estimates.estimated_cost,
        'Claude Code, ' || estimates.model
        || ', estimate at list prices' as description,
        'Claude Code' as service_name,
        estimates.model || '/all-tokens' as sku_id,
        'All Tokens' as sku_meter,
        nullif(estimates.model, 'unknown') as model,
        cast(null as varchar) as direction,
        cast(null as varchar) as cache_action,
        '/estimate' as sku_price,
        'Tokens' as unit,
        estimates.tokens as quantity,
        cast(null as varchar) as workspace_id,
        cast(null as varchar) as workspace_name,
        cast(null as varchar) as tags

    from estimates
    left join owned
        on estimates.account = owned.account
        and estimates.organization_id is not distinct from owned.organization_id
        and estimates.date = owned.date
        and estimates.actor_type = owned.actor_type
        and estimates.actor = owned.actor
        and estimates.customer_type = owned.customer_type
        and estimates.currency = owned.currency

),

charges as (

    select * from billed

    union all

    select * from estimated

),

dated as (

    select
        charges.*,
        organizations.organization_name,
        coalesce(report_days.is_final, false) as is_final,
        cast(date_trunc('month', cast(charges.date as date)) as date) as month,
        cast(charges.date + interval 1 day as date) as next_date

    from charges
    left join organizations
        on charges.account = organizations.account
        and charges.organization_id is not distinct from organizations.organization_id
    left join report_days
        on charges.account = report_days.account
        and charges.date = report_days.date
        and charges.report = report_days.report

),

-- The price in millionths of the currency, for each PricingUnit. Its quotient is a double,
-- so what does not give the cost again is no price.
priced as (

    select
        *,
        case
            when
                cost_basis = 'billed'
                and unit <> 'Units'
                and quantity > 0
                and quantity < 1000000000000
                and billed_cost >= 0
                and billed_cost < 1000000
                then cast(round(
                    case when unit = 'Tokens' then 1e12 else 1e6 end
                    * cast(billed_cost as double)
                    / nullif(quantity, 0)
                ) as decimal(38, 0))
        end as quotient,
        case
            when unit = 'Tokens' then cast('0.000000000001' as decimal(12, 12))
            else cast('0.000001' as decimal(12, 12))
        end as millionth

    from dated

),

exact as (

    select
        *,
        case
            when
                quotient < 1000000000000
                and cast(quotient as decimal(13, 0)) * millionth
                * cast(quantity as decimal(13, 0)) = billed_cost
                then quotient
        end as price

    from priced

),

focus as (

    select
        cast(billed_cost as decimal(38, 12)) as "BilledCost",
        coalesce(organization_id, account) as "BillingAccountId",
        organization_name as "BillingAccountName",
        'Organization' as "BillingAccountType",
        currency as "BillingCurrency",
        cast(cast(month + interval 1 month as date) as varchar)
        || 'T00:00:00Z' as "BillingPeriodEnd",
        cast(month as varchar) || 'T00:00:00Z' as "BillingPeriodStart",
        'Usage' as "ChargeCategory",
        cast(null as varchar) as "ChargeClass",
        description as "ChargeDescription",
        'Usage-Based' as "ChargeFrequency",
        cast(next_date as varchar) || 'T00:00:00Z' as "ChargePeriodEnd",
        cast(date as varchar) || 'T00:00:00Z' as "ChargePeriodStart",
        cast(null as varchar) as "CommitmentDiscountStatus",
        cast(quantity as decimal(38, 12)) as "ConsumedQuantity",
        unit as "ConsumedUnit",
        cast(billed_cost as decimal(38, 12)) as "ContractedCost",
        cast(
            cast(price as decimal(26, 0))
            * cast('0.000001' as decimal(12, 12)) as decimal(38, 12)
        ) as "ContractedUnitPrice",
        cast(billed_cost as decimal(38, 12)) as "EffectiveCost",
        'Anthropic' as "HostProviderName",
        cast(null as varchar) as "InvoiceId",
        'Anthropic' as "InvoiceIssuerName",
        cast(list_cost as decimal(38, 12)) as "ListCost",
        'Standard' as "PricingCategory",
        currency as "PricingCurrency",
        cast(
            cast(quantity as decimal(26, 0)) * case
                when unit = 'Tokens' then cast('0.000001' as decimal(12, 12))
                else 1
            end as decimal(38, 12)
        ) as "PricingQuantity",
        case
            when unit = 'Tokens' then '1000000 Tokens' else unit
        end as "PricingUnit",
        'Anthropic' as "ProviderName",
        'Anthropic' as "PublisherName",
        'AI and Machine Learning' as "ServiceCategory",
        service_name as "ServiceName",
        'Anthropic' as "ServiceProviderName",
        'Generative AI' as "ServiceSubcategory",
        sku_id as "SkuId",
        sku_meter as "SkuMeter",
        '{"ModelDeveloper":"Anthropic","ModelId":"'
        || replace(replace(model, '\', '\\'), '"', '\"') || '"'
        || coalesce(',"TokenDirection":"' || direction || '"', '')
        || coalesce(',"TokenCacheAction":"' || cache_action || '"', '')
        || '}' as "SkuPriceDetails",
        sku_id || sku_price as "SkuPriceId",
        workspace_id as "SubAccountId",
        coalesce(workspace_name, workspace_id) as "SubAccountName",
        case
            when workspace_id is not null then 'Workspace'
        end as "SubAccountType",
        tags as "Tags",
        account as "x_Account",
        actor as "x_ActorId",
        actor_type as "x_ActorType",
        cost_basis as "x_CostBasis",
        cost_item_id as "x_CostItemId",
        customer_type as "x_CustomerType",
        cast(estimated_cost as decimal(38, 12)) as "x_EstimatedCost",
        is_final as "x_IsFinal",
        owner as "x_Owner",
        team as "x_Team"

    from exact

)

select * from focus
