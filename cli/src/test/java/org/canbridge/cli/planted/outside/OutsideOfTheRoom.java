package org.canbridge.cli.planted.outside;

import org.canbridge.importers.dit.DitConfig;

/** Knows a family, which nothing outside of its rooms may. */
public record OutsideOfTheRoom(DitConfig config) {}
