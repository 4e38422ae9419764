/** How long a Snowflake account may go on to show what was there before a statement that it has answered, and how often it is asked meanwhile. */

export const LAG = { budgetMs: 3_000, longestPauseMs: 500 } as const;
