// Not compiled here. iOS 17, macOS 14.

import Foundation

struct OrderDraft: Codable, Sendable {
    struct Line: Codable, Sendable { var sku: String; var quantity: Int }
    struct Contact: Codable, Sendable { var name: String; var email: String? }
    struct Address: Codable, Sendable { var street, postcode, city, country: String }

    var lines: [Line]
    var contact: Contact
    var shipping_address: Address
    var note: String?
}

struct Order: Decodable, Sendable {
    let id: UUID
    let version: Int
    /// A string, so that a state that is new to this app does not end it.
    let state: String
}

/// RFC 9457.
struct Problem: Decodable, Error {
    struct Field: Decodable { let pointer: String; let detail: String }

    let type: String
    let title: String
    let status: Int
    let errors: [Field]?
    let request_id: String?
}

actor Orders {
    /// An order on its way, as it is stored.
    private struct Pending: Codable { let key: String; let body: Data }

    private let api: URL
    private let token: @Sendable (_ refreshed: Bool) async throws -> String
    private let session: URLSession
    private let file = URL.applicationSupportDirectory.appending(path: "pending-order.json")

    /// `token` gives the access token; the next one where it is told that the last one was refused.
    init(api: URL, token: @escaping @Sendable (_ refreshed: Bool) async throws -> String) {
        self.api = api
        self.token = token
        let configuration = URLSessionConfiguration.default
        configuration.waitsForConnectivity = true
        // Between two pieces of an answer; a stream speaks every 15 s.
        configuration.timeoutIntervalForRequest = 45
        session = URLSession(configuration: configuration)
    }

    /// Places an order, however often the network breaks.
    func place(_ draft: OrderDraft) async throws -> Order {
        // The bytes are kept, too: another body under the same key is refused.
        let pending = Pending(key: UUID().uuidString, body: try JSONEncoder().encode(draft))
        try FileManager.default.createDirectory(at: .applicationSupportDirectory, withIntermediateDirectories: true)
        try JSONEncoder().encode(pending).write(to: file, options: [.atomic, .completeFileProtectionUntilFirstUserAuthentication])
        return try await send(pending)
    }

    /// At the app's start: the order whose answer never came.
    func resume() async throws -> Order? {
        guard let stored = try? Data(contentsOf: file) else { return nil }
        return try await send(JSONDecoder().decode(Pending.self, from: stored))
    }

    private func send(_ pending: Pending) async throws -> Order {
        var request = URLRequest(url: api.appending(path: "v1/orders"))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.setValue(pending.key, forHTTPHeaderField: "Idempotency-Key")
        request.setValue("wait=5", forHTTPHeaderField: "Prefer")
        request.httpBody = pending.body
        do {
            let (data, _) = try await answer(to: request)
            let order = try JSONDecoder().decode(Order.self, from: data)
            try? FileManager.default.removeItem(at: file)
            return order
        } catch let problem as Problem where problem.status != 401 {
            try? FileManager.default.removeItem(at: file)
            throw problem
        }
    }

    /// Sends until there is an answer that is final.
    private func answer(to request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        var refreshed = false
        var pause = 1.0
        while true {
            var wait = pause
            do {
                var signed = request
                signed.setValue("Bearer \(try await token(refreshed))", forHTTPHeaderField: "Authorization")
                let (data, response) = try await session.data(for: signed)
                let http = response as! HTTPURLResponse
                switch http.statusCode {
                case 200...299:
                    return (data, http)
                case 401 where !refreshed:
                    refreshed = true
                    continue
                case 408, 429, 503:
                    wait = http.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init) ?? pause
                default:
                    throw try JSONDecoder().decode(Problem.self, from: data)
                }
            } catch is URLError {
                try Task.checkCancellation()
            }
            try await Task.sleep(for: .seconds(wait))
            pause = min(pause * 2, 30)
        }
    }

    /// The order now and at every later version, each once and in order, over every break of the connection. Ends with its last version.
    nonisolated func follow(_ id: UUID) -> AsyncThrowingStream<Order, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                var seen = 0
                while !Task.isCancelled {
                    do {
                        if try await self.stream(id, after: &seen, to: continuation) { break }
                    } catch let problem as Problem where ![408, 429, 503].contains(problem.status) {
                        return continuation.finish(throwing: problem)
                    } catch {
                        // The network, which comes back.
                    }
                    try? await Task.sleep(for: .seconds(1))
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// One connection; whether nothing more will come.
    private func stream(
        _ id: UUID, after seen: inout Int, to continuation: AsyncThrowingStream<Order, any Error>.Continuation
    ) async throws -> Bool {
        var request = URLRequest(url: api.appending(path: "v1/orders/\(id.uuidString.lowercased())/events"))
        request.setValue("text/event-stream", forHTTPHeaderField: "Accept")
        request.setValue(String(seen), forHTTPHeaderField: "Last-Event-ID")
        request.setValue("Bearer \(try await token(false))", forHTTPHeaderField: "Authorization")
        let (bytes, response) = try await session.bytes(for: request)
        let status = (response as! HTTPURLResponse).statusCode
        if status == 204 { return true }
        if status == 401 {
            _ = try await token(true)
            return false
        }
        guard status == 200 else {
            let body = try await bytes.reduce(into: Data()) { $0.append($1) }
            throw try JSONDecoder().decode(Problem.self, from: body)
        }
        var line = Data()
        var event = "", data = ""
        // `bytes.lines` leaves out empty lines, which end an event.
        for try await byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            let text = String(decoding: line, as: UTF8.self)
            line.removeAll()
            if text.hasPrefix("event: ") {
                event = String(text.dropFirst(7))
            } else if text.hasPrefix("data: ") {
                data = String(text.dropFirst(6))
            } else if text.isEmpty {
                if event == "end" { return true }
                if event == "order" {
                    let order = try JSONDecoder().decode(Order.self, from: Data(data.utf8))
                    seen = order.version
                    continuation.yield(order)
                }
                event = ""
            }
        }
        return false
    }

    /// Registers this device: at each start, and with what `didRegisterForRemoteNotificationsWithDeviceToken` gives.
    func register(deviceToken: Data) async throws {
        struct Draft: Encodable {
            struct Channel: Encodable { let token: String }

            let app = "shop", platform = "apns"
            let environment: String
            let channel: Channel
            let locale: String
        }
        // Made once, and kept for as long as the app is installed.
        let device = UserDefaults.standard.string(forKey: "installation") ?? UUID().uuidString.lowercased()
        UserDefaults.standard.set(device, forKey: "installation")
        #if DEBUG
            let environment = "development"
        #else
            let environment = "production"
        #endif
        let hexadecimal = deviceToken.map { String(format: "%02x", $0) }.joined()
        let draft = Draft(
            environment: environment, channel: .init(token: hexadecimal), locale: Locale.current.identifier(.bcp47))
        var request = URLRequest(url: api.appending(path: "v1/installations/\(device)"))
        request.httpMethod = "PUT"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try JSONEncoder().encode(draft)
        _ = try await answer(to: request)
    }
}
