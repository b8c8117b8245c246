import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { session } from "./api/session";
import { readAlertSearch } from "./pages/alerts/search";
import { readAuditSearch, readRecordingSearch } from "./pages/audit/search";
import { readFleetSearch } from "./pages/fleet/search";
import { readItemSearch, readJobSearch, readScanSearch } from "./pages/jobs/search";
import { readLogSearch } from "./pages/logs/search";
import { readManageSearch } from "./pages/robots/search";
import { readServoSearch } from "./pages/servos/search";
import { readNext } from "./pages/sign-in/next";
import { readRange } from "./parts/chart/range";
import { Shell } from "./shell/Shell";
import { NotFound, PageError } from "./shell/states";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: PageError });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: readNext,
  component: lazyRouteComponent(() => import("./pages/sign-in/SignInPage"), "SignInPage"),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => import("./pages/setup/SetupPage"), "SetupPage"),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  beforeLoad: ({ location }) => {
    if (session.current().status === "in") return;
    throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { next: location.href } });
  },
});

const fleet = createRoute({
  getParentRoute: () => shell,
  path: "/",
  validateSearch: readFleetSearch,
  component: lazyRouteComponent(() => import("./pages/fleet/FleetPage"), "FleetPage"),
});

const users = createRoute({
  getParentRoute: () => shell,
  path: "/users",
  component: lazyRouteComponent(() => import("./pages/users/UsersPage"), "UsersPage"),
});

const robot = createRoute({
  getParentRoute: () => shell,
  path: "/robots/$robot",
  component: lazyRouteComponent(() => import("./pages/robot/RobotFrame"), "RobotFrame"),
});

const live = createRoute({
  getParentRoute: () => robot,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/live/LivePage"), "LivePage"),
});

const performance = createRoute({
  getParentRoute: () => robot,
  path: "/performance",
  validateSearch: readRange,
  component: lazyRouteComponent(() => import("./pages/performance/PerformancePage"), "PerformancePage"),
});

const sensors = createRoute({
  getParentRoute: () => robot,
  path: "/sensors",
  validateSearch: readRange,
  component: lazyRouteComponent(() => import("./pages/sensors/SensorsPage"), "SensorsPage"),
});

const servos = createRoute({
  getParentRoute: () => robot,
  path: "/servos",
  validateSearch: readServoSearch,
  component: lazyRouteComponent(() => import("./pages/servos/ServosPage"), "ServosPage"),
});

const robotAlerts = createRoute({
  getParentRoute: () => robot,
  path: "/alerts",
  validateSearch: readAlertSearch,
  component: lazyRouteComponent(() => import("./pages/alerts/RobotAlertsPage"), "RobotAlertsPage"),
});

const alerts = createRoute({
  getParentRoute: () => shell,
  path: "/alerts",
  validateSearch: readAlertSearch,
  component: lazyRouteComponent(() => import("./pages/alerts/AlertsPage"), "AlertsPage"),
});

const rules = createRoute({
  getParentRoute: () => shell,
  path: "/alerts/rules",
  validateSearch: ({ robot }: Record<string, unknown>): { robot?: string } =>
    typeof robot === "string" && robot !== "" ? { robot } : {},
  component: lazyRouteComponent(() => import("./pages/alerts/RulesPage"), "RulesPage"),
});

const roles = createRoute({
  getParentRoute: () => shell,
  path: "/users/roles",
  component: lazyRouteComponent(() => import("./pages/users/RolesPage"), "RolesPage"),
});

const account = createRoute({
  getParentRoute: () => shell,
  path: "/account",
  component: lazyRouteComponent(() => import("./pages/account/AccountPage"), "AccountPage"),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import("./pages/audit/AuditPage"), "AuditPage"),
});

const recordings = createRoute({
  getParentRoute: () => shell,
  path: "/audit/recordings",
  validateSearch: readRecordingSearch,
  component: lazyRouteComponent(() => import("./pages/audit/RecordingsPage"), "RecordingsPage"),
});

const manage = createRoute({
  getParentRoute: () => shell,
  path: "/robots",
  validateSearch: readManageSearch,
  component: lazyRouteComponent(() => import("./pages/robots/RobotsPage"), "RobotsPage"),
});

const joinTokens = createRoute({
  getParentRoute: () => shell,
  path: "/robots/tokens",
  component: lazyRouteComponent(() => import("./pages/robots/JoinTokensPage"), "JoinTokensPage"),
});

const jobs = createRoute({
  getParentRoute: () => shell,
  path: "/jobs",
  validateSearch: readJobSearch,
  component: lazyRouteComponent(() => import("./pages/jobs/JobsPage"), "JobsPage"),
});

const job = createRoute({
  getParentRoute: () => shell,
  path: "/jobs/$job",
  component: lazyRouteComponent(() => import("./pages/jobs/JobPage"), "JobPage"),
});

const items = createRoute({
  getParentRoute: () => shell,
  path: "/jobs/items",
  validateSearch: readItemSearch,
  component: lazyRouteComponent(() => import("./pages/jobs/ItemsPage"), "ItemsPage"),
});

const scans = createRoute({
  getParentRoute: () => shell,
  path: "/jobs/scans",
  validateSearch: readScanSearch,
  component: lazyRouteComponent(() => import("./pages/jobs/ScansPage"), "ScansPage"),
});

const logs = createRoute({
  getParentRoute: () => shell,
  path: "/logs",
  validateSearch: readLogSearch,
  component: lazyRouteComponent(() => import("./pages/logs/LogsPage"), "LogsPage"),
});

const robotJobs = createRoute({
  getParentRoute: () => robot,
  path: "/jobs",
  validateSearch: readJobSearch,
  component: lazyRouteComponent(() => import("./pages/jobs/RobotJobsPage"), "RobotJobsPage"),
});

const robotLogs = createRoute({
  getParentRoute: () => robot,
  path: "/logs",
  validateSearch: readLogSearch,
  component: lazyRouteComponent(() => import("./pages/logs/RobotLogsPage"), "RobotLogsPage"),
});

const camera = createRoute({
  getParentRoute: () => robot,
  path: "/camera",
  component: lazyRouteComponent(() => import("./pages/camera/CameraPage"), "CameraPage"),
});

const control = createRoute({
  getParentRoute: () => robot,
  path: "/control",
  component: lazyRouteComponent(() => import("./pages/control/ControlPage"), "ControlPage"),
});

const terminal = createRoute({
  getParentRoute: () => robot,
  path: "/terminal",
  component: lazyRouteComponent(() => import("./pages/terminal/TerminalPage"), "TerminalPage"),
});

/** The table of contents: every view has its line here, and its tab or entry in shell/places.ts. */
const tree = root.addChildren([
  signIn,
  setup,
  shell.addChildren([
    fleet,
    alerts,
    rules,
    jobs,
    job,
    items,
    scans,
    logs,
    users,
    roles,
    audit,
    recordings,
    account,
    manage,
    joinTokens,
    robot.addChildren([
      live,
      performance,
      sensors,
      servos,
      camera,
      control,
      terminal,
      robotJobs,
      robotAlerts,
      robotLogs,
    ]),
  ]),
]);

export function makeRouter() {
  return createRouter({ routeTree: tree, defaultPreload: "intent", scrollRestoration: true });
}
