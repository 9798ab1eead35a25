// Reads Compose files as `docker compose` 2 does, by the library that it reads them with, and says which ones it refuses.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
)

// judge loads one file with all its profiles.
func judge(file string) error {
	options, err := cli.NewProjectOptions([]string{file},
		cli.WithWorkingDirectory(filepath.Dir(file)),
		cli.WithProfiles([]string{"*"}),
		cli.WithResolvedPaths(true))
	if err != nil {
		return err
	}
	_, err = options.LoadProject(context.Background())
	return err
}

func main() {
	refused := 0
	for _, file := range os.Args[1:] {
		if err := judge(file); err != nil {
			refused++
			fmt.Printf("%s: %v\n", file, err)
		}
	}
	if refused > 0 {
		os.Exit(1)
	}
	fmt.Printf("ok: %d files\n", len(os.Args)-1)
}
