/**
 * Said beside a 503 by whoever asked an object in vain: it broke, or its edge is gone, and soon there is another one. An
 * Ack does without, because BITS has a retry delay of its own (decision 10, statuses of the application).
 */
export const COME_AGAIN = { "Retry-After": "5" } as const;
