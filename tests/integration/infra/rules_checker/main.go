// Check alert rules, their tests and Prometheus' configuration with Prometheus' own packages.
package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
	_ "github.com/prometheus/prometheus/discovery/dns" // the only discovery that prometheus.yml uses
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

const (
	successExitCode = 0
	failureExitCode = 1
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: rules-checker check-rules|test-rules|check-config FILE")
		os.Exit(2)
	}
	os.Exit(run(os.Args[1], os.Args[2]))
}

func run(verb, file string) int {
	logger := promslog.NewNopLogger()
	queries := parser.NewParser(parser.Options{})
	switch verb {
	case "check-rules":
		_, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, queries, logger)
		for _, err := range errs {
			fmt.Fprintln(os.Stderr, err)
		}
		if len(errs) > 0 {
			return failureExitCode
		}
	case "test-rules":
		return RulesUnitTest(promqltest.LazyLoaderOpts{}, queries, nil, false, false, false, file)
	case "check-config":
		if _, err := config.LoadFile(file, false, logger); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return failureExitCode
		}
	default:
		fmt.Fprintln(os.Stderr, "unknown verb", verb)
		return 2
	}
	return successExitCode
}

// parseTime reads a Unix timestamp or an RFC 3339 time, as promtool does; its test runner calls it.
func parseTime(text string) (time.Time, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		whole, fraction := math.Modf(seconds)
		return time.Unix(int64(whole), int64(fraction*float64(time.Second))).UTC(), nil
	}
	return time.Parse(time.RFC3339Nano, text)
}
