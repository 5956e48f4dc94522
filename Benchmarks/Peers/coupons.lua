#!lua name=coupons
-- What coupond does with one code, as a Redis Function: the same checks in the same order on the same
-- cart, the same counters, the same promise that an order is applied once. It is the peer in
-- `coupon-bench compare`, which loads it with FUNCTION LOAD and proves before measuring that it gives
-- the answers that coupond gives.
--
-- Settings of the server: only a Unix socket (`--port 0 --unixsocket PATH`), no snapshots (`--save ""`)
-- and no rewrite of its log in between (`--auto-aof-rewrite-percentage 0`), so that no fork disturbs
-- it; `--appendonly no`, or `--appendonly yes` with `--appendfsync everysec` or `always`. All else is
-- the default: one thread answers.
--
-- Data:   coupon:CODE   hash    terms and the count of uses
--         uses:CODE     hash    customer -> uses
--         order:ID      string  the answer, a line end, and what was asked
-- Calls:  FCALL validate 2 coupon:CODE uses:CODE CUSTOMER NOW CART
--         FCALL apply 3 coupon:CODE uses:CODE order:ID CUSTOMER NOW CART
--         NOW in Unix seconds, CART as JSON with `lines`.
-- Answer: "1 DISCOUNT" or "0 REASON"; for an order that was applied to something else an error.

local FIELDS = {
    'percent', 'starts_at', 'ends_at', 'total_limit', 'used', 'customer_limit', 'categories',
    'minimum_subtotal',
}

-- Whether one of a line's categories is in ",a,b,".
local function is_covered(line, categories)
    for _, category in ipairs(line.category or {}) do
        if categories:find(',' .. category .. ',', 1, true) then return true end
    end
    return false
end

local function judge(coupon, uses, customer, now, cart)
    local terms = redis.call('HMGET', coupon, unpack(FIELDS))
    if not terms[1] then return '0 code_unknown' end
    if now < tonumber(terms[2]) then return '0 not_started' end
    if now >= tonumber(terms[3]) then return '0 expired' end
    if tonumber(terms[5]) >= tonumber(terms[4]) then return '0 usage_limit_reached' end
    local used_by_customer = tonumber(redis.call('HGET', uses, customer) or 0)
    if used_by_customer >= tonumber(terms[6]) then return '0 customer_limit_reached' end

    local subtotal, covered, covers_any = 0, 0, false
    for _, line in ipairs(cjson.decode(cart).lines) do
        local value = line.quantity * line.unit_price
        subtotal = subtotal + value
        if is_covered(line, terms[7]) then
            covered = covered + value
            covers_any = true
        end
    end
    if not covers_any then return '0 no_eligible_items' end
    if subtotal < tonumber(terms[8]) then return '0 below_minimum_amount' end

    local discount = math.floor((covered * tonumber(terms[1]) + 50) / 100)
    if discount == 0 then return '0 no_effect' end
    return string.format('1 %d', discount)
end

local function validate(keys, args)
    return judge(keys[1], keys[2], args[1], tonumber(args[2]), args[3])
end

local function apply(keys, args)
    local coupon, uses, order = keys[1], keys[2], keys[3]
    local customer, cart = args[1], args[3]
    local asked = coupon .. '\n' .. customer .. '\n' .. cart

    local record = redis.call('GET', order)
    if record then
        local answer_end = record:find('\n', 1, true)
        if record:sub(answer_end + 1) ~= asked then
            return redis.error_reply('CONFLICT the order was applied to something else')
        end
        return record:sub(1, answer_end - 1)
    end

    local answer = judge(coupon, uses, customer, tonumber(args[2]), cart)
    if answer:sub(1, 1) == '1' then
        redis.call('HINCRBY', coupon, 'used', 1)
        redis.call('HINCRBY', uses, customer, 1)
        redis.call('SET', order, answer .. '\n' .. asked)
    end
    return answer
end

redis.register_function{function_name = 'validate', callback = validate, flags = {'no-writes'}}
redis.register_function('apply', apply)
