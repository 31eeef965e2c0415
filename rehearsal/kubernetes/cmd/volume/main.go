// Command volume makes and removes the folder of a persistent volume on the
// node where it runs. local-path-provisioner starts it as
// `volume -p <folder> -m <Filesystem|Block> -s <bytes> -a <create|delete>`.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	folder := flag.String("p", "", "folder of the volume")
	mode := flag.String("m", "Filesystem", "volume mode")
	action := flag.String("a", "", "create or delete")
	flag.Int64("s", 0, "bytes asked for; a folder has no limit of its own")
	flag.Parse()
	if err := run(*action, *folder, *mode); err != nil {
		fmt.Fprintf(os.Stderr, "volume: %v\n", err)
		os.Exit(1)
	}
}

func run(action, folder, mode string) error {
	if folder == "" {
		return fmt.Errorf("the folder (-p) is missing")
	}
	switch action {
	case "create":
		if mode != "Filesystem" {
			return fmt.Errorf("%s: volume mode %s: only Filesystem can be made from a folder", folder, mode)
		}
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
		return os.Chmod(folder, 0o777) // MkdirAll obeys the umask
	case "delete":
		return os.RemoveAll(folder)
	default:
		return fmt.Errorf("%s: unknown action %q, it must be create or delete", folder, action)
	}
}
