import type { components } from "./schema";

/** Short names for the shapes of the OpenAPI document; none is written by hand. */
type Schemas = components["schemas"];
export type Summary = Schemas["Summary"];
export type Alert = Schemas["Alert"];
export type Rule = Schemas["Rule"];
export type User = Schemas["User"];
export type PendingRobot = Schemas["PendingRobot"];
export type MetricInfo = Schemas["MetricInfo"];
export type AlertStats = Schemas["AlertStats"];

export type Role = User["role"];
export type Severity = Alert["severity"];
