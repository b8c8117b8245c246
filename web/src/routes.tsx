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
import { readFleetSearch } from "./pages/fleet/search";
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

/** The table of contents: every view has its line here, and its tab or entry in shell/places.ts. */
const tree = root.addChildren([
  signIn,
  setup,
  shell.addChildren([
    fleet,
    alerts,
    rules,
    users,
    robot.addChildren([live, performance, sensors, servos, robotAlerts]),
  ]),
]);

export function makeRouter() {
  return createRouter({ routeTree: tree, defaultPreload: "intent", scrollRestoration: true });
}
