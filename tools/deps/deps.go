//go:build deps

package deps

import (
	_ "github.com/VictoriaMetrics/VictoriaMetrics/lib/storage"
	_ "github.com/alecthomas/kong"
	_ "github.com/coder/websocket"
	_ "github.com/danielgtaylor/huma/v2/adapters/humago"
	_ "github.com/eclipse/paho.golang/autopaho"
	_ "github.com/golang-jwt/jwt/v5"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/klauspost/compress/zstd"
	_ "github.com/mochi-mqtt/server/v2"
	_ "github.com/mochi-mqtt/server/v2/listeners"
	_ "github.com/pressly/goose/v3"
	_ "github.com/shirou/gopsutil/v4/cpu"
	_ "golang.org/x/crypto/bcrypt"
	_ "golang.org/x/net/websocket"
	_ "golang.org/x/sync/errgroup"
	_ "golang.org/x/time/rate"
	_ "modernc.org/sqlite"
)
