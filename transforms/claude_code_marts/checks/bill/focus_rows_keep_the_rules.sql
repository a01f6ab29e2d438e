-- Claim: each row of focus_1_2 keeps the rules of FOCUS 1.2, and bills no estimate.
with

charges as (

    select * from focus_1_2

),

broken as (

    select
        "x_CostBasis",
        "x_Account",
        "ChargePeriodStart",
        "x_CostItemId",
        "x_ActorId",
        "SkuId"

    from charges
    where
        "BilledCost" is null
        or "EffectiveCost" is null
        or "ContractedCost" is null
        or "ListCost" is null
        or "BillingAccountId" is null
        or "BillingCurrency" is null
        or "ChargeDescription" is null
        or "ServiceName" is null
        or "SkuId" is null
        or "SkuPriceId" is null
        or "ChargeCategory" <> 'Usage'
        or "ChargeClass" is not null
        or "ConsumedQuantity" is null
        or "ConsumedUnit" is null
        or "PricingQuantity" is null
        or "ConsumedUnit" not in ('Tokens', 'Requests', 'Units')
        or "PricingUnit" not in ('1000000 Tokens', 'Requests', 'Units')
        or ("ConsumedUnit" = 'Tokens') <> ("PricingUnit" = '1000000 Tokens')
        or "ChargePeriodStart" >= "ChargePeriodEnd"
        or "BillingPeriodStart" > "ChargePeriodStart"
        or "BillingPeriodEnd" < "ChargePeriodEnd"
        or ("SubAccountId" is null) <> ("SubAccountName" is null)
        or ("SubAccountId" is null) <> ("SubAccountType" is null)
        or "Tags" not like '{%}'
        or "PricingCurrency" <> "BillingCurrency"
        or "SkuPriceDetails" not like '{%}'
        or case
            when "ContractedUnitPrice" is not null
                then
                    cast("ContractedUnitPrice" as decimal(19, 6))
                    * cast("PricingQuantity" as decimal(19, 6)) <> "ContractedCost"
        end
        or "x_CostBasis" not in ('billed', 'estimated')
        or (
            "x_CostBasis" = 'estimated'
            and ("BilledCost" <> 0 or "EffectiveCost" <> 0 or "ContractedCost" <> 0)
        )
        or ("x_CostBasis" = 'billed' and "x_EstimatedCost" is not null)

)

select * from broken
