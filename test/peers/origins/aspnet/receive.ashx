<%@ WebHandler Language="C#" Class="Receive" %>

using System;
using System.IO;
using System.Net;
using System.Web;

/// An application as it was written for BITS on IIS, notified by value or by reference.
public class Receive : IHttpHandler
{
    public bool IsReusable { get { return true; } }

    public void ProcessRequest(HttpContext context)
    {
        HttpRequest request = context.Request;
        HttpResponse response = context.Response;
        string folder = context.Server.MapPath("~/App_Data");
        Directory.CreateDirectory(folder);

        string original = request.Headers["BITS-Original-Request-URL"];
        string name = Path.GetFileName(new Uri(original).AbsolutePath);
        string upload = request.Headers["BITS-Request-DataFile-Name"];
        string reply = request.Headers["BITS-Response-DataFile-Name"];
        string path = Path.Combine(folder, name);

        using (FileStream file = File.Create(path))
        {
            if (upload == null)
                request.InputStream.CopyTo(file);
            else
                Download(upload, file);
        }
        File.WriteAllText(path + ".told", request.HttpMethod + " " + request.RawUrl + "\n" + request.Headers);

        // What the client asks for in its destination's query comes with the notification.
        string status = request.QueryString["status"];
        if (status != null)
        {
            response.TrySkipIisCustomErrors = true;
            response.StatusCode = int.Parse(status);
            if (request.QueryString["code"] != null)
                response.AppendHeader("BITS-Error-Code", request.QueryString["code"]);
            response.Write("<html>An error page of the application's.</html>");
            return;
        }
        if (request.QueryString["copy"] != null)
            response.AppendHeader("BITS-Copy-File-To-Destination", "true");
        if (request.QueryString["static"] != null)
            response.AppendHeader("BITS-Static-Response-URL", request.QueryString["static"]);
        if (request.QueryString["throw"] != null)
            throw new InvalidOperationException("as applications do");

        int times = int.Parse(request.QueryString["times"] ?? "1");
        if (reply == null)
        {
            response.ContentType = "application/octet-stream";
            // Mono over FastCGI takes an answer without a length for one in chunks, and writes their sizes into it.
            response.AppendHeader("Content-Length", (new FileInfo(path).Length * times).ToString());
            for (int turn = 0; turn < times; turn++)
                response.TransmitFile(path);
        }
        else if (request.QueryString["silent"] == null)
        {
            Upload(path, times, reply);
        }
    }

    static void Download(string url, Stream to)
    {
        HttpWebRequest request = (HttpWebRequest)WebRequest.Create(url);
        using (WebResponse response = request.GetResponse())
        using (Stream body = response.GetResponseStream())
            body.CopyTo(to);
    }

    /// .NET says "Expect: 100-continue" here, and without a length it would send chunks.
    static void Upload(string path, int times, string url)
    {
        HttpWebRequest request = (HttpWebRequest)WebRequest.Create(url);
        request.Method = "PUT";
        request.AllowWriteStreamBuffering = false;
        request.ContentLength = new FileInfo(path).Length * times;
        using (Stream body = request.GetRequestStream())
            for (int turn = 0; turn < times; turn++)
                using (FileStream file = File.OpenRead(path))
                    file.CopyTo(body);
        using (HttpWebResponse response = (HttpWebResponse)request.GetResponse())
            if (response.StatusCode != HttpStatusCode.Created)
                throw new WebException("the reply was not taken: " + response.StatusCode);
    }
}
