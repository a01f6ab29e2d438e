-- One row per scope, name, month, currency and basis: what the budgets file in force allows.
--
-- scope: organisation, account, team or user.
-- name: Account, team, or user with A to Z in lower case; empty for the organisation.
-- month: First UTC day of the month.
-- currency: Currency of the amount, as in USD.
-- basis: Whose cost counts: all, api (billed by the token) or subscription.
-- amount: Budget of the month in units of the currency, to 12 places.
-- line: Number of the line in the file; the header is 1.
with

budgets as (

    select * from claude_code.budgets

),

files as (

    select * from stg_input_files
    where name = 'budgets'

),

in_force as (

    select
        budgets.scope,
        -- in a file's row the organisation has no name
        coalesce(budgets.name, '') as name,
        budgets.month,
        budgets.currency,
        coalesce(budgets.basis, 'all') as basis,
        cast(budgets.amount as decimal(38, 12)) as amount,
        budgets.line

    from budgets
    inner join files
        on budgets._dlt_load_id = files.load_id

)

select * from in_force
