package local

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/gobwas/glob"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// collectFiles sets the assets and the archive that the settings ask for.
func collectFiles(dir string, in Settings, result *Result) error {
	if in.AssetPaths != nil {
		assets, err := findAssets(dir, in.AssetPaths)
		if err != nil {
			return fmt.Errorf("assetPaths: %w", err)
		}
		result.Assets = map[string]types.AssetOrArchive{}
		for name, asset := range assets {
			result.Assets[name] = types.AssetOrArchive{Asset: asset}
		}
	}
	if in.ArchivePaths == nil {
		return nil
	}
	assets, err := findAssets(dir, in.ArchivePaths)
	if err != nil {
		return fmt.Errorf("archivePaths: %w", err)
	}
	members := map[string]any{}
	for name, asset := range assets {
		members[name] = asset
	}
	result.Archive, err = resource.NewAssetArchive(members)
	return err
}

// rule is one glob; the last rule that matches a file decides whether it is in.
type rule struct {
	pattern  glob.Glob
	excludes bool
}

func parseRules(patterns []string) ([]rule, error) {
	rules := make([]rule, 0, len(patterns))
	for _, text := range patterns {
		bare, excludes := strings.CutPrefix(text, "!")
		pattern, err := glob.Compile(bare, '/')
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		rules = append(rules, rule{pattern, excludes})
	}
	return rules, nil
}

func included(rules []rule, name string) bool {
	for i := len(rules) - 1; i >= 0; i-- {
		if rules[i].pattern.Match(name) {
			return !rules[i].excludes
		}
	}
	return false
}

// findAssets returns the files below dir that the patterns let in, by their path below dir.
func findAssets(dir string, patterns []string) (map[string]*resource.Asset, error) {
	rules, err := parseRules(patterns)
	if err != nil {
		return nil, err
	}
	assets := map[string]*resource.Asset{}
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !included(rules, name) {
			return err
		}
		assets[name], err = resource.NewPathAsset(path.Join(dir, name))
		return err
	})
	return assets, err
}
