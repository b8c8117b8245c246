/** The names of what the query cache holds. */
export const keys = {
  server: ["server"] as const,
  fleet: ["fleet"] as const,
  robot: (robot: string) => ["robot", robot] as const,
  pending: ["pending"] as const,
  openAlerts: ["alerts", "open"] as const,
  alertList: ["alerts", "list"] as const,
  alertStats: ["alerts", "stats"] as const,
  rules: ["rules"] as const,
  metrics: ["metrics"] as const,
  series: (robot: string) => ["series", robot] as const,
  users: ["users"] as const,
  joinTokens: ["join-tokens"] as const,
};
