@echo off
rem CAN Bridge for Windows. In the environment:
rem   JAVA_HOME            the Java to run with, 17 or later; else the java.exe that PATH finds
rem   CANBRIDGE_JAVA_OPTS  further options for the JVM, e.g. -Xmx8g; they come last, so they win
setlocal DisableDelayedExpansion
for %%d in ("%~dp0..") do set "home=%%~fd"

set "java=java.exe"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java.exe"

rem A JVM that does not start ends with 1, which here means "a difference": so one is tried first,
rem with an option that Java has known since version 17.
"%java%" --enable-native-access=ALL-UNNAMED -version >nul 2>&1
if not errorlevel 1 goto start
echo canbridge: Java does not start, or is older than version 17>&2
echo   actual: "%java%">&2
echo   next: install Java 17 or later, or correct JAVA_HOME>&2
exit /b 4

:start
rem Threads of the native library that wait asleep: spinning ones stall other programs.
if not defined OMP_WAIT_POLICY set "OMP_WAIT_POLICY=passive"

"%java%" -XX:+UseSerialGC -XX:MaxDirectMemorySize=1024g ^
  "-XX:ErrorFile=%TEMP%\canbridge-crash-%%p.log" ^
  -Dai.djl.offline=true -Dai.djl.pytorch.graph_optimizer=false ^
  "-Dcanbridge.home=%home%" -Dcanbridge.columns=0 %CANBRIDGE_JAVA_OPTS% ^
  -jar "%home%\lib\canbridge-cli.jar" %*
exit /b %ERRORLEVEL%
